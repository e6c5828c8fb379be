import { startApp, type TestApp } from '../../support/app.js';
import { composite, graph, model, node, said, speaker, storyOf, type Story } from '../../support/stories.js';

const LIMIT_MS = 4_000;
const STALLS = '[[tokens=9]][[stall:after=3]]';
const SAID = 'one two three';

/** One limit after the other, each with a model that falls silent after three words. */
describe('time that is up', () => {
  let chatter: TestApp;
  let story: Story;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    story = storyOf(chatter, await chatter.register());
  });
  afterAll(() => chatter.close());

  const timedOut = (limit: string) => ({
    status: 'timedOut',
    problem: { type: '/problems/time-limit-reached', status: 504, limit, value: LIMIT_MS },
  });

  it('of a node ends the run, which keeps what was said', async () => {
    const { run } = await story.run({ definition: speaker(STALLS, { timeoutMs: LIMIT_MS }) });
    expect(run).toMatchObject({ ...timedOut('nodeTimeoutMs'), output: { text: SAID } });
    expect(run.problem.detail).toContain('Node "say"');
    expect(run.durationMs).toBeGreaterThanOrEqual(0.9 * LIMIT_MS);
    const events = await story.log(run.id);
    expect(said(events).say).toBe(SAID);
    expect(events.at(-1)).toMatchObject({ type: 'error', problem: { limit: 'nodeTimeoutMs' } });
  });

  it('of a node by the caller’s or the definition’s limit ends it the same', async () => {
    const limits = { nodeTimeoutMs: LIMIT_MS };
    const [byCaller, byDefinition] = await Promise.all([
      story.run({ definition: speaker(STALLS), limits }),
      story.run({ definition: { ...speaker(STALLS), limits } }),
    ]);
    for (const { run } of [byCaller, byDefinition])
      expect(run).toMatchObject({ ...timedOut('nodeTimeoutMs'), output: { text: SAID } });
  });

  it('of a node goes another way when the node says so', async () => {
    const slow = model('slow', STALLS, { timeoutMs: LIMIT_MS, onError: { port: 'late' } });
    const excuse = model('excuse', 'Say exactly: {{nodes.slow.output.problem.limit}}');
    const { run } = await story.run({ definition: graph([slow, excuse], ['slow:late > excuse']) });
    expect(run).toMatchObject({ status: 'succeeded', output: { text: 'nodeTimeoutMs' } });
  });

  it.each(['sequential', 'parallel'])('of one child is a result like others (%s)', async (strategy) => {
    const slow = { definition: speaker(STALLS), timeoutMs: LIMIT_MS };
    const definition = composite(strategy, { first: speaker('Say exactly: a'), slow, last: speaker('Say exactly: c') });
    const { run } = await story.run({ definition });
    expect(run.status).toBe('succeeded');
    expect(run.output.results).toMatchObject([
      { id: 'first', status: 'succeeded', output: { text: 'a' } },
      { id: 'slow', ...timedOut('timeoutMs'), output: { text: SAID } },
      { id: 'last', status: 'succeeded', output: { text: 'c' } },
    ]);
    expect(run.output.merged).toEqual({ first: { text: 'a' }, last: { text: 'c' } });
    const late = (await story.children(run.id)).find(({ status }) => status === 'timedOut');
    expect(late).toMatchObject({ ...timedOut('timeoutMs'), output: { text: SAID } });
  });

  it('of a child by its own definition’s limit is that child’s alone', async () => {
    const slow = { ...speaker(STALLS), limits: { runTimeoutMs: LIMIT_MS } };
    const stuck = { ...speaker(STALLS), limits: { nodeTimeoutMs: LIMIT_MS } };
    const definition = composite('parallel', { slow, stuck, quick: speaker('Say exactly: b') });
    const { run } = await story.run({ definition, limits: { runTimeoutMs: 20_000 } });
    expect(run.output?.results).toMatchObject([
      { id: 'slow', ...timedOut('runTimeoutMs') },
      { id: 'stuck', ...timedOut('nodeTimeoutMs') },
      { id: 'quick', status: 'succeeded' },
    ]);
  });

  it('of the run ends it with everything inside, which keeps what was said', async () => {
    const definition = composite('parallel', { quick: speaker('Say exactly: quick'), slow: speaker(STALLS) });
    const { run } = await story.run({ definition, limits: { runTimeoutMs: LIMIT_MS } });
    expect(run).toMatchObject(timedOut('runTimeoutMs'));
    expect(run.output).toMatchObject({
      results: [
        { id: 'quick', status: 'succeeded', output: { text: 'quick' } },
        { id: 'slow', ...timedOut('runTimeoutMs'), output: { text: SAID } },
      ],
      merged: { quick: { text: 'quick' } },
    });
    const children = await story.children(run.id);
    expect(children.map(({ status }) => status as string).toSorted()).toEqual(['succeeded', 'timedOut']);
    expect((await story.log(run.id)).at(-1)).toMatchObject({ type: 'error', problem: { limit: 'runTimeoutMs' } });
  });

  it('of the run leaves what its children and nodes have come to', async () => {
    const limits = { runTimeoutMs: LIMIT_MS };
    const facts = graph([node('facts', 'set', { values: { count: 3 } }), model('slow', STALLS)], ['facts > slow']);
    const chain = composite('sequential', {
      sum: graph([node('sum', 'set', { values: { n: 7 } })]),
      facts,
      last: facts,
    });
    const never = { id: 'never', when: { n: 1 }, workflow: 'plain' };
    const choice = { kind: 'conditional', branches: [never], default: { definition: facts } };
    const [ofGraph, ofChain, ofChoice] = await Promise.all(
      [facts, chain, choice].map((definition) => story.run({ definition, limits })),
    );
    const reached = { count: 3, text: SAID };
    expect(ofGraph?.run).toMatchObject({ ...timedOut('runTimeoutMs'), output: reached });
    expect(ofChoice?.run).toMatchObject({ ...timedOut('runTimeoutMs'), output: reached });
    expect(ofChain?.run).toMatchObject(timedOut('runTimeoutMs'));
    expect(ofChain?.run.output).toMatchObject({
      results: [
        { id: 'sum', status: 'succeeded', output: { n: 7 } },
        { id: 'facts', status: 'timedOut', output: reached },
        { id: 'last', status: 'skipped' },
      ],
      merged: { sum: { n: 7 } },
    });
  });

  it('of a node that repeats leaves what its passes have come to', async () => {
    const body = graph([model('say', '{{item}}')]);
    const each = node(
      'each',
      'map',
      { items: ['Say exactly: a', STALLS], body },
      { timeoutMs: LIMIT_MS, onError: 'continue' },
    );
    const { run } = await story.run({ definition: { ...graph([each]), output: '{{nodes.each.output}}' } });
    expect(run).toMatchObject({
      status: 'succeeded',
      output: { output: [{ status: 'succeeded', output: { text: 'a' } }, null], problem: { limit: 'nodeTimeoutMs' } },
    });
  });

  it('while a person is waited for ends the run on the wall clock, though nothing executes it', async () => {
    const ask = node('ask', 'approval', { title: 'Well?' });
    const definition = graph([model('draft', 'Say exactly: draft'), ask], ['draft > ask']);
    const { run, approvals } = await story.run({ definition, limits: { runTimeoutMs: 8_000 } });
    expect(run.status).toBe('waiting');
    expect((await story.log(run.id)).at(-1)).toMatchObject({ type: 'error', problem: { limit: 'runTimeoutMs' } });
    expect(await story.read(run.id)).toMatchObject({ status: 'timedOut', output: { text: 'draft' } });
    expect((await story.decide(approvals[0].id, 'approve')).status).toBe(409);
  });
});
