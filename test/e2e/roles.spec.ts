import { setTimeout as sleep } from 'node:timers/promises';
import type { SignedIn } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { libraryOf } from '../support/knowledge.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { logText, openStream, textOf, type LiveStream } from '../support/sse.js';
import { graph, model, node, storyOf, type Story } from '../support/stories.js';

/** So long that only the queue can have told of what happens in time. */
const NEVER_MS = '600000';

/** An API that executes nothing and workers that answer nothing, over one database. */
describe('processes with roles', () => {
  let servers: Servers;
  let database: TestDatabase;
  let dataDir: string;
  let api: ServerProcess;
  let anna: SignedIn;
  let story: Story;

  const start = (ROLE: string, more: object = {}): Promise<ServerProcess> =>
    servers.start({
      ...database.environment,
      DATA_DIR: dataDir,
      ROLE,
      RUN_SWEEP_MS: NEVER_MS,
      QUEUE_RECONCILE_MS: NEVER_MS,
      SCRIPTED_TOKEN_MS: '5',
      ...more,
    });
  const chat = (body: object): Promise<LiveStream> =>
    openStream(`${api.url}/api/v1/chat`, { method: 'POST', headers: anna.headers, body });
  const ended = (runId: string) =>
    eventually(
      async () => {
        const run = await story.read(runId);
        return run.endedAt !== undefined && run;
      },
      { withinMs: 30_000, what: 'the end of the run' },
    );

  beforeEach(async () => {
    servers = new Servers();
    database = await testDatabase('roles');
    dataDir = await servers.folder();
    api = await start('api', { MAX_RUNS_PER_USER: '3', RUN_SWEEP_MS: '200', QUEUE_RECONCILE_MS: '200' });
    anna = await api.api.register();
    story = storyOf(api.api, anna);
  });
  afterEach(async () => {
    await servers.clean();
    await database.drop();
  });

  it('leave a turn to the worker: the stream waits for it, then shows all that it logs', async () => {
    const live = await chat({ message: 'Say exactly: by the worker' });
    const { runId } = await live.event(({ type }) => type === 'start');
    const { body: document } = await story.call('POST', '/documents', { title: 'Tea', content: 'Tea is hot.' });
    await sleep(1_500);
    expect(live.reading.frames.map(({ event }) => event.type)).toEqual(['start']);
    expect(await story.read(runId)).toMatchObject({ status: 'running', attempt: 0 });
    expect((await story.call('GET', `/documents/${document.id}`)).body.status).toBe('pending');

    await start('worker');
    const { frames, done } = await live.whole();
    const events = frames.map(({ event }) => event);
    expect([done, textOf(events)]).toEqual([true, 'by the worker']);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events[0]).toMatchObject({ type: 'start', attempt: 1 });
    expect(events.filter(({ type }) => type === 'note')).toEqual([]);
    expect(await story.read(runId)).toMatchObject({ status: 'succeeded', attempt: 1 });

    const again = await (await story.follow(runId)).whole();
    expect(again.log).toBe(logText(frames));
    const half = await (await story.follow(runId, 3)).whole();
    expect(half.log).toBe(logText(frames.slice(3)));
  });

  it('show tokens while the worker says them, answer JSON, and keep the conversation', async () => {
    await start('worker');
    const live = await chat({ message: '[[slow=1000]] Say exactly: one two three four five six' });
    await live.event(({ type }) => type === 'token');
    expect((await story.read(live.reading.frames[0]!.event.runId)).status).toBe('running');
    const { conversationId } = live.reading.frames[0]!.event;
    expect((await live.whole()).done).toBe(true);

    const body = { conversationId, message: 'Say exactly: second' };
    const { status, body: reply } = await api.api.call('POST', '/chat', { as: anna, body });
    expect([status, reply.message.content]).toEqual([200, 'second']);
    const { items } = (await story.call('GET', `/conversations/${conversationId}/messages`)).body;
    expect(items.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
  });

  it('answer nothing but probes and metrics as a worker', async () => {
    const { url } = await start('worker');
    for (const path of ['/livez', '/readyz', '/healthz', '/metrics'])
      expect((await fetch(url + path)).status).toBe(200);
    for (const path of ['/docs', '/openapi.json', '/problems', '/mcp', '/api/v1/conversations', '/api/v1/auth/me']) {
      const answer = await fetch(url + path, { headers: anna.headers });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({
        type: '/problems/not-found',
        detail: expect.stringContaining('worker'),
      });
    }
    const turn = await fetch(`${url}/api/v1/chat`, { method: 'POST', headers: anna.headers, body: '{' });
    expect(turn.status).toBe(404);
  });

  it('hold a conversation and a place among the user’s runs before any worker has come', async () => {
    const first = await chat({ message: 'Hello' });
    const { runId, conversationId } = await first.event(({ type }) => type === 'start');
    const second = await api.api.call('POST', '/chat', { as: anna, body: { conversationId, message: 'Again' } });
    expect([second.status, second.body.type, second.body.runId]).toEqual([409, '/problems/conversation-busy', runId]);
    await (await chat({ message: 'Two' })).event(({ type }) => type === 'start');
    await (await chat({ message: 'Three' })).event(({ type }) => type === 'start');
    const fourth = await api.api.call('POST', '/chat', { as: anna, body: { message: 'Four' } });
    expect([fourth.status, fourth.body.type]).toEqual([429, '/problems/too-many-runs']);

    expect((await story.call('POST', `/runs/${runId}/cancel`)).status).toBe(200);
    await start('worker');
    expect(await ended(runId)).toMatchObject({ status: 'cancelled', attempt: 1 });
    expect((await first.whole()).frames.at(-1)!.event).toMatchObject({ type: 'error' });
  });

  it('pass on what people ask: a decision, a cancellation, work in the background and documents', async () => {
    await start('worker');
    const definition = graph(
      [node('ask', 'approval', { title: 'Go on?' }), model('say', 'Say exactly: decided')],
      ['ask:approved > say'],
      { output: { text: '{{text}}' } },
    );
    const { run, approvals } = await story.run({ definition });
    expect(run.status).toBe('waiting');
    expect((await story.decide(approvals[0].id, 'approve')).status).toBe(200);
    expect(await ended(run.id)).toMatchObject({ status: 'succeeded', output: { text: 'decided' } });

    const live = await chat({ message: '[[slow=200]] [[tokens=200]]' });
    const { runId } = await live.event(({ type }) => type === 'token');
    expect((await story.call('POST', `/runs/${runId}/cancel`)).status).toBe(200);
    expect((await ended(runId)).status).toBe('cancelled');

    const background = await story.run({
      workflow: 'plain',
      input: { message: 'Say exactly: later' },
      mode: 'background',
    });
    expect((await ended(background.run.id)).status).toBe('succeeded');

    const document = await libraryOf(api.api, anna).add('Kettle', 'The warranty lasts two years.');
    expect(document.status).toBe('ready');
    const cited = await (await chat({ workflow: 'rag', message: 'How long does the warranty last?' })).whole();
    expect(textOf(cited.frames.map(({ event }) => event))).toBe('The warranty lasts two years [1].');
  });

  it('go on with another worker when one is killed, in the same stream', async () => {
    const first = await start('worker', { RUN_LEASE_MS: '4000', RUN_SWEEP_MS: '300' });
    const live = await chat({ message: '[[slow=200]] [[tokens=60]]' });
    await live.event(({ type }) => type === 'token');
    await first.kill();
    // Its own lease is one that it keeps on a slow machine.
    await start('worker', { RUN_LEASE_MS: '60000', RUN_SWEEP_MS: '300' });
    const { frames, done } = await live.whole();
    const events = frames.map(({ event }) => event);
    expect([done, events.at(-1)!.type, textOf(events).split(' ').length]).toEqual([true, 'complete', 60]);
    expect(events.findLast(({ code }) => code === 'resumed')).toMatchObject({ attempt: 2 });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  });
});
