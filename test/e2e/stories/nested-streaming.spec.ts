import { startApp, type TestApp } from '../../support/app.js';
import { textOf, type LiveStream, type RunEvent } from '../../support/sse.js';
import { composite, course, said, speaker, storyOf, type Story } from '../../support/stories.js';

/** What each leaf says, by its path: three composites deep. */
const LEAVES = {
  'research/papers/find/say': 'found three papers',
  'research/papers/read/say': 'read found three papers',
  'research/web/say': 'searched the whole web',
  'write/say': 'wrote about read found three papers',
};

describe('a workflow in a workflow in a workflow', () => {
  let chatter: TestApp;
  let story: Story;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', EVENT_FLUSH_MS: '5' });
    story = storyOf(chatter, await chatter.register());
  });
  afterAll(() => chatter.close());

  const papers = composite('sequential', {
    find: speaker('Say exactly: found three papers [[slow=40]]'),
    read: speaker('Say exactly: read {{find.text}} [[slow=40]]'),
  });
  const research = composite('parallel', { papers, web: speaker('Say exactly: searched the whole web [[slow=800]]') });
  /** `input.mood` is that of the last to speak. */
  const write = speaker('Say exactly: wrote about {{research.merged.papers.merged.read.text}} [[slow=40]] {{mood}}');
  const definition = composite('sequential', { research, write });

  const pathOf = ({ path = [] }: RunEvent): string => path.join('/');
  const eventsOf = (live: LiveStream): readonly RunEvent[] => live.reading.frames.map(({ event }) => event);

  it('lets the tokens of every child be read, each with its path, while the run goes on', async () => {
    const live = await story.stream({ definition, input: { mood: '[[stall:after=3]]' } });
    await live.event((event) => pathOf(event) === 'write/say' && textOf(eventsOf(live)).endsWith('wrote about read'));
    const runId = live.headers['x-run-id'] as string;
    expect((await story.read(runId)).status).toBe('running');
    expect(live.reading.done).toBe(false);
    expect(said(eventsOf(live))).toEqual({ ...LEAVES, 'write/say': 'wrote about read' });
    const pieces = eventsOf(live).filter((event) => event.type === 'token' && pathOf(event) === 'research/web/say');
    expect(pieces.length).toBeGreaterThan(1);
    await story.call('POST', `/runs/${runId}/cancel`);
    expect((await live.whole()).frames.at(-1)!.event).toMatchObject({
      type: 'error',
      problem: { type: '/problems/run-cancelled' },
    });
  });

  it('is told in order at every path, with each child between its start and its end', async () => {
    const live = await story.stream({ definition, input: { mood: '' } });
    await live.whole();
    const events = eventsOf(live);
    expect(said(events)).toEqual(LEAVES);
    expect(events.at(-1)).toMatchObject({ type: 'complete' });
    const byPath = Map.groupBy(events, pathOf);
    for (const leaf of Object.keys(LEAVES))
      expect(course(byPath.get(leaf)!)).toEqual(['node_start', 'token', 'usage', 'node_end']);
    for (const child of ['research', 'research/papers', 'research/papers/read', 'research/web', 'write']) {
      expect(byPath.get(child)!.map(({ type }) => type)).toEqual(['child_start', 'child_end']);
      const [start, end] = byPath.get(child)!;
      const inside = events.filter((event) => pathOf(event).startsWith(`${child}/`)).map(({ seq }) => seq);
      expect([start!.seq < Math.min(...inside), end!.seq > Math.max(...inside)]).toEqual([true, true]);
    }
  });

  it('is the same for a reader that comes back at any event, live and later', async () => {
    const live = await story.stream({ definition, input: { mood: '' } });
    const runId = live.headers['x-run-id'] as string;
    const followers: Promise<LiveStream>[] = [];
    for (let after = 1, ended = false; !ended; after += 1) {
      ended = ['complete', 'error'].includes((await live.event(({ seq }) => seq === after)).type);
      followers.push(story.follow(runId, after));
    }
    const { frames } = await live.whole();
    expect(frames.length).toBeGreaterThan(25);
    const restAfter = (seq: number): string[] => frames.slice(seq).map(({ data }) => data);
    for (const [index, follower] of followers.entries()) {
      const { frames: rest, done } = await (await follower).whole();
      expect([done, rest.map(({ data }) => data)]).toEqual([true, restAfter(index + 1)]);
    }
    for (let after = 0; after <= frames.length; after += 1) {
      const { frames: rest, done } = await (await story.follow(runId, after)).whole();
      expect([done, rest.map(({ data }) => data)]).toEqual([true, restAfter(after)]);
    }
  });

  it('shows each child’s part of the log, with the numbers of the whole, under the child’s own id', async () => {
    const { run } = await story.run({ definition, input: { mood: '' } });
    const whole = await story.log(run.id);
    const [researched] = await story.children(run.id);
    const [papersRun, webRun] = await story.children(researched.id);
    for (const [child, path] of [
      [researched, 'research'],
      [papersRun, 'research/papers'],
      [webRun, 'research/web'],
    ]) {
      const own = whole.filter((event) => `${pathOf(event)}/`.startsWith(`${path}/`));
      expect(await story.log(child.id)).toEqual(own);
      expect(child).toMatchObject({ kind: 'child', status: 'succeeded' });
    }
    expect(papersRun.output.merged.read).toEqual({ text: 'read found three papers' });
  });
});
