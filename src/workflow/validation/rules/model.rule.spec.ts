import { graph, node, single, testValidator } from '../../../../test/support/validation.js';

describe('a model that a node names', () => {
  it('must be one of the server’s; the default and references need not be', async () => {
    const { check, only } = await testValidator();
    const models = [undefined, 'scripted:default', '{{input.model}}', 'openai:gpt-9'];
    const nodes = models.map((model, index) =>
      node(`n${index}`, index % 2 ? 'model' : 'agent', model === undefined ? {} : { model }),
    );
    expect(await check(graph(nodes), 'unknown-model')).toEqual(['unknown-model error /nodes/3/config/model']);
    expect(await only(single('model', { model: 'scripted:defualt' }), 'unknown-model')).toMatchObject({
      message: 'Node "only" names the model "scripted:defualt": There is no model "scripted:defualt".',
      hint: 'Name a model of GET /models, or none for the default. Did you mean "scripted:default"?',
    });
  });

  it('means nothing in a node whose type has no model', async () => {
    const { check } = await testValidator();
    expect(await check(single('set', { values: {}, model: 'openai:gpt-9' }), 'unknown-model')).toEqual([]);
  });
});
