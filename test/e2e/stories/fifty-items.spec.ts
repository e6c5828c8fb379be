import { startApp, type TestApp } from '../../support/app.js';
import { graph, model, mostAtOnce, node, said, storyOf, type Story } from '../../support/stories.js';

const ITEMS = 50;
const STALLED = 7;

describe('fifty items, five at a time, one of which stalls', () => {
  let chatter: TestApp;
  let story: Story;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    story = storyOf(chatter, await chatter.register());
  });
  afterAll(() => chatter.close());

  const items = Array.from({ length: ITEMS }, (_, index) => ({
    name: `item ${index}`,
    mood: index === STALLED ? '[[stall:after=1]]' : '[[slow=5]]',
  }));
  const each = (more: object = {}) => {
    const summarise = model('summarise', 'Say exactly: {{item.name}} at {{index}} {{item.mood}}', {
      timeoutMs: 10_000,
    });
    const body = graph([summarise], [], { output: { text: '{{text}}' } });
    return graph([node('each', 'map', { items: '{{input.items}}', body, maxConcurrency: 5, ...more })]);
  };

  it('come to fifty results in their order: the time of its node ends the stalled one alone', async () => {
    const { run } = await story.run({ definition: each(), input: { items } });
    expect(run.status).toBe('succeeded');
    expect(run.output.results).toHaveLength(ITEMS);
    for (const [index, result] of run.output.results.entries()) {
      if (index !== STALLED)
        expect(result).toEqual({ status: 'succeeded', output: { text: `item ${index} at ${index}` } });
    }
    expect(run.output.results[STALLED]).toMatchObject({
      status: 'timedOut',
      problem: { type: '/problems/time-limit-reached', limit: 'nodeTimeoutMs', value: 10_000 },
    });

    const events = await story.log(run.id);
    expect(mostAtOnce(events, 'summarise')).toBe(5);
    expect(said(events)[`each/${STALLED}/summarise`]).toBe('item');
    const end = events.find(({ type, path }) => type === 'node_end' && path?.[1] === String(STALLED))!;
    const begunBefore = events.filter(({ type, seq }) => type === 'node_start' && seq < end.seq);
    expect(begunBefore).toHaveLength(ITEMS + 1);
  });

  it('are given up together when a failed one is to fail the node', async () => {
    const { run } = await story.run({
      definition: each({ onError: 'fail' }),
      input: { items: items.map((item, index) => (index === 12 ? { ...item, mood: '[[fail=rejected]]' } : item)) },
    });
    expect(run).toMatchObject({ status: 'failed', problem: { type: '/problems/model-rejected' } });
    const events = await story.log(run.id);
    const starts = events.filter(({ type, nodeId }) => type === 'node_start' && nodeId === 'summarise');
    expect(starts.length).toBeLessThan(30);
    const ends = events.filter(({ type, nodeId }) => type === 'node_end' && nodeId === 'summarise');
    expect(ends).toHaveLength(starts.length);
  });
});
