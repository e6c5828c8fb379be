import { graph, node, single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('the types of nodes', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator();
  });

  it('are those that the server has, without the engine’s own', async () => {
    const nodes = ['model', 'modle', 'engine', 'constructor'].map((type, index) => node(`n${index}`, type));
    expect(await chatter.check(graph(nodes), 'unknown-node-type')).toEqual([
      'unknown-node-type error /nodes/1/type',
      'unknown-node-type error /nodes/2/type',
      'unknown-node-type error /nodes/3/type',
    ]);
  });

  it('are suggested where one is written nearly like it', async () => {
    expect(await chatter.only(single('modle'), 'unknown-node-type')).toMatchObject({
      message: 'Node "only" has the type "modle", which this server does not have.',
      hint: 'GET /node-types lists the types. Did you mean "model"?',
    });
    expect((await chatter.only(single('engin'), 'unknown-node-type')).hint).not.toContain('engine');
    expect((await chatter.only(single('quantum'), 'unknown-node-type')).hint).toBe('GET /node-types lists the types.');
  });
});
