import { startApp, type TestApp } from '../../support/app.js';
import {
  composite,
  graph,
  model,
  mostAtOnce,
  node,
  said,
  speaker,
  storyOf,
  type Story,
} from '../../support/stories.js';

/** Each speaks long enough to be heard beside the others; the second breaks off. */
const PROMPTS = {
  market: 'Say exactly: the market grows [[slow=20]]',
  legal: '[[tokens=10]][[slow=20]][[fail=rejected:after=4]]',
  technical: 'Say exactly: it can be built [[slow=20]]',
};

describe('three analysts at work side by side, one of whom fails,', () => {
  let chatter: TestApp;
  let story: Story;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    story = storyOf(chatter, await chatter.register());
  });
  afterAll(() => chatter.close());

  const joined = (onError: 'continue' | 'fail') =>
    graph(
      [
        node('question', 'set', { values: { question: '{{input.message}}' } }),
        ...Object.entries(PROMPTS).map(([id, prompt]) => model(id, prompt)),
        node('gather', 'join', { onError, output: 'opinions' }),
        model('summary', 'Say exactly: {{opinions.market.output.text}}; {{opinions.legal.status}}'),
      ],
      Object.keys(PROMPTS)
        .map((id) => `question > ${id} > gather`)
        .concat('gather > summary'),
    );

  it('are joined to two opinions and a reason', async () => {
    const { run } = await story.run({ definition: joined('continue'), input: { message: 'Shall we?' } });
    expect(run.status).toBe('succeeded');
    expect(run.output.opinions).toMatchObject({
      market: { status: 'succeeded', output: { text: 'the market grows' } },
      legal: { status: 'failed', problem: { type: '/problems/model-rejected' } },
      technical: { status: 'succeeded', output: { text: 'it can be built' } },
    });
    expect(run.output.text).toBe('the market grows; failed');
    const events = await story.log(run.id);
    expect(said(events).legal).toBe('one two three four');
    const starts = events.filter(({ type, nodeId }) => type === 'node_start' && nodeId in PROMPTS);
    const ends = events.filter(({ type, nodeId }) => type === 'node_end' && nodeId in PROMPTS);
    expect(Math.max(...starts.map(({ seq }) => seq))).toBeLessThan(Math.min(...ends.map(({ seq }) => seq)));
  });

  it('stop one another where the join takes no failures', async () => {
    const { run } = await story.run({ definition: joined('fail'), input: { message: 'Shall we?' } });
    expect(run).toMatchObject({ status: 'failed', problem: { type: '/problems/model-rejected' } });
    const steps = await story.steps(run.id);
    expect(steps.legal.status).toBe('failed');
    expect(steps).not.toHaveProperty('summary');
    for (const { status } of Object.values(steps)) expect(status).not.toBe('running');
  });

  it('are contained in a parallel composite: the failure is a result in its place', async () => {
    const children = Object.fromEntries(Object.entries(PROMPTS).map(([id, prompt]) => [id, speaker(prompt)]));
    const { run } = await story.run({ definition: composite('parallel', children), input: { message: 'Shall we?' } });
    expect(run.status).toBe('succeeded');
    expect(run.output.results).toMatchObject([
      { id: 'market', status: 'succeeded', output: { text: 'the market grows' } },
      { id: 'legal', status: 'failed', problem: { type: '/problems/model-rejected' } },
      { id: 'technical', status: 'succeeded', output: { text: 'it can be built' } },
    ]);
    expect(run.output.merged).toEqual({ market: { text: 'the market grows' }, technical: { text: 'it can be built' } });
    expect(mostAtOnce(await story.log(run.id), 'say')).toBe(3);
    const kept = (await story.children(run.id)).map(({ status }) => status as string);
    expect(kept.toSorted()).toEqual(['failed', 'succeeded', 'succeeded']);
  });

  it('are never more at once than the composite allows', async () => {
    const children = Object.fromEntries(Object.entries(PROMPTS).map(([id, prompt]) => [id, speaker(prompt)]));
    const { run } = await story.run({ definition: composite('parallel', children, { maxConcurrency: 2 }) });
    expect(mostAtOnce(await story.log(run.id), 'say')).toBe(2);
    expect(run.output.results).toHaveLength(3);
  });
});
