import { startApp, type TestApp } from '../../support/app.js';
import { graph, model, node, said, storyOf, type Story } from '../../support/stories.js';

describe('a draft that is improved until it is good enough', () => {
  let chatter: TestApp;
  let story: Story;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    story = storyOf(chatter, await chatter.register());
  });
  afterAll(() => chatter.close());

  const schema = { type: 'object', properties: { score: { type: 'number' } }, required: ['score'] };
  const body = graph(
    [
      model('write', 'Say exactly: {{draft}}+'),
      node('judge', 'model', { prompt: 'Score {{index}} of ten', schema, output: 'verdict' }),
    ],
    ['write > judge'],
    { output: { draft: '{{text}}', score: '{{verdict.score}}' } },
  );
  const improve = (until: object, maxIterations: number) =>
    graph(
      [
        node('begin', 'set', { values: { draft: 'A' } }),
        node('improve', 'loop', { body, until, maxIterations }),
        model('publish', 'Say exactly: published {{result.draft}}'),
        model('giveUp', 'Say exactly: gave up at {{result.draft}}'),
      ],
      ['begin > improve > publish', 'improve:exhausted > giveUp'],
      { output: { text: '{{text}}', result: '{{result}}' } },
    );

  it('is written again from what the pass before left, and published at the first good score', async () => {
    const { run } = await story.run({ definition: improve({ score: { min: 3 } }, 10) });
    expect(run.output).toEqual({ text: 'published A++++', result: { draft: 'A++++', score: 3 } });
    const steps = await story.steps(run.id);
    expect(steps.improve.explanation).toMatchObject({ iterations: 4, matched: true });
    expect(said(await story.log(run.id))).toMatchObject({ 'improve/0/write': 'A+', 'improve/3/write': 'A++++' });
    expect(steps).not.toHaveProperty('improve/4/write');
  });

  it('that never is leaves by "exhausted" after the last pass allowed', async () => {
    const { run } = await story.run({ definition: improve({ score: { min: 9 } }, 3) });
    expect(run.status).toBe('succeeded');
    expect(run.output).toEqual({ text: 'gave up at A+++', result: { draft: 'A+++', score: 2 } });
    const steps = await story.steps(run.id);
    expect(steps.improve.explanation).toMatchObject({
      iterations: 3,
      matched: false,
      reasons: [{ actual: '2', wouldMatch: expect.stringContaining('9') }],
    });
    expect(steps).not.toHaveProperty('publish');
  });
});
