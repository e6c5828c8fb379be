import { jest } from '@jest/globals';
import { Client } from 'pg';
import { encodeCursor } from '../../src/platform/http/page.js';
import { EventLog } from '../../src/workflow/run/event-log.js';
import { RunClaims } from '../../src/workflow/run/run-claims.js';
import { RunExecutor } from '../../src/workflow/run/run-executor.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { openStream, type LiveStream, type RunEvent } from '../support/sse.js';

const UNKNOWN = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

describe('runs', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let sql: Client;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '2', EVENT_FLUSH_MS: '1', SHUTDOWN_TIMEOUT_MS: '100' });
    anna = await chatter.register();
    sql = new Client(chatter.database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });

  const chat = async (body: object) => (await chatter.call('POST', '/chat', { as: anna, body })).body;
  const get = (path: string, as = anna, headers: Record<string, string> = {}) =>
    chatter.call('GET', path, { as, headers });
  const follow = (id: string, headers: Record<string, string> = {}, query = ''): Promise<LiveStream> =>
    openStream(`${chatter.url}/api/v1/runs/${id}/events${query}`, { headers: { ...anna.headers, ...headers } });
  const start = (body: object): Promise<LiveStream> =>
    openStream(`${chatter.url}/api/v1/chat`, { method: 'POST', headers: anna.headers, body });

  describe('the events of one', () => {
    let runId: string;
    let log: readonly RunEvent[];
    let whole: string;

    beforeAll(async () => {
      const { run } = await chat({ message: '[[tokens=40]][[slow=100]]' });
      runId = run.id as string;
      const { frames, log: text } = await (await follow(runId)).whole();
      log = frames.map(({ event }) => event);
      whole = text;
      expect(log.length).toBeGreaterThan(8);
    });

    it('are replayed from after Last-Event-ID, from after ?after, and the header goes first', async () => {
      const frames = (await (await follow(runId)).whole()).frames;
      for (const after of [0, 1, 7, log.length - 1]) {
        const rest = frames.slice(after).map(({ id }) => id);
        const byHeader = await (await follow(runId, { 'Last-Event-ID': String(after) })).whole();
        const byQuery = await (await follow(runId, {}, `?after=${after}`)).whole();
        const both = await (await follow(runId, { 'Last-Event-ID': String(after) }, '?after=3')).whole();
        for (const { done, frames: got } of [byHeader, byQuery, both]) {
          expect([done, got.map(({ id }) => id)]).toEqual([true, rest]);
        }
      }
    });

    it('end at once for a reader that has them all and only missed [DONE]', async () => {
      const live = await follow(runId, { 'Last-Event-ID': String(log.length) });
      expect(live.status).toBe(200);
      expect(await live.whole()).toMatchObject({ frames: [], done: true });
      expect(live.headers['x-run-id']).toBe(runId);
    });

    it.each(['abc', '-1', '1.5', '1e3', '0x1', ' 1 2', '99999999999', '2147483648', '9'.repeat(400), '1, 2'])(
      'are not replayed from after %s',
      async (after) => {
        const live = await follow(runId, { 'Last-Event-ID': after });
        await live.ended;
        expect([live.status, live.headers['content-type']]).toEqual([422, 'application/problem+json; charset=utf-8']);
        const query = await get(`/runs/${runId}/events?after=${encodeURIComponent(after)}`);
        expect([query.status, query.body.errors?.[0]?.pointer]).toEqual([422, '/after']);
      },
    );

    it('are not replayed from beyond their end, which the problem names', async () => {
      for (const live of [await follow(runId, { 'Last-Event-ID': '9000' }), await follow(runId, {}, '?after=9000')]) {
        await live.ended;
        expect(live.status).toBe(422);
        expect(JSON.parse(live.text)).toMatchObject({
          type: '/problems/validation-failed',
          errors: [{ pointer: '/after', detail: expect.stringContaining(String(log.length)) }],
        });
      }
    });

    it('take an empty Last-Event-ID for none', async () => {
      expect((await (await follow(runId, { 'Last-Event-ID': '' })).whole()).log).toBe(whole);
    });

    it('are paged as JSON, each as in the log', async () => {
      const items: RunEvent[] = [];
      let path = `/runs/${runId}/events?limit=7`;
      for (;;) {
        const { status, headers, body } = await get(path);
        expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
        expect(headers.get('vary')).toMatch(/Accept(?!-)/);
        items.push(...(body.items as RunEvent[]));
        if (body.nextCursor === null) break;
        expect(body.items).toHaveLength(7);
        path = `/runs/${runId}/events?limit=7&cursor=${body.nextCursor}`;
      }
      expect(items).toEqual(log);
      expect((await get(`/runs/${runId}/events?after=3&limit=2`)).body.items).toEqual(log.slice(3, 5));
      expect((await get(`/runs/${runId}/events?after=${log.length}`)).body).toEqual({ items: [], nextCursor: null });
    });

    it.each([
      ['nonsense', 'x'],
      ['another list', encodeCursor([UNKNOWN])],
      ['text', encodeCursor(['7'])],
      ['a fraction', encodeCursor([1.5])],
      ['too many parts', encodeCursor([1, 2])],
    ])('refuse a cursor of %s', async (_, cursor) => {
      const { status, body } = await get(`/runs/${runId}/events?cursor=${cursor}`);
      expect([status, body.errors?.[0]?.pointer]).toEqual([422, '/cursor']);
    });

    it.each([2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1])('do not fail on a cursor at %d', async (seq) => {
      expect((await get(`/runs/${runId}/events?cursor=${encodeCursor([seq])}`)).status).toBe(422);
    });

    it.each(['limit=0', 'limit=101', 'limit=x', 'limit=1.5', 'after=-1', 'after=1&after=2', 'colour=red'])(
      'refuse the query %s',
      async (query) => {
        const { status, body } = await get(`/runs/${runId}/events?${query}`);
        expect([status, body.type]).toEqual([422, '/problems/validation-failed']);
      },
    );
  });

  it('are followed live by many readers, from any point, each with the same bytes', async () => {
    const live = await start({ message: '[[tokens=150]][[slow=4]]' });
    const { runId } = await live.event(({ type }) => type === 'token');
    const readers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => follow(runId, n % 2 ? { 'Last-Event-ID': String(1 + (n % 3)) } : {})),
    );
    const { log, frames } = await live.whole();
    for (const [n, reader] of readers.entries()) {
      const from = n % 2 ? 1 + (n % 3) : 0;
      const got = await reader.whole();
      expect([got.done, got.frames.map(({ id }) => id)]).toEqual([true, frames.slice(from).map(({ id }) => id)]);
      expect(log.endsWith(got.log)).toBe(true);
    }
  });

  it('end once when their process lets go of them after the last word: nothing is done twice', async () => {
    const log = chatter.app.get(EventLog, { strict: false });
    const executor = chatter.app.get(RunExecutor, { strict: false });
    const close = log.close.bind(log);
    const closing = jest.spyOn(log, 'close').mockImplementationOnce(async (journal) => {
      const closed = await close(journal);
      executor.abandon({ id: journal.runId, fence: journal.fence }, 'The lease could not be renewed in time.');
      return closed;
    });
    const { run, message } = await chat({ message: 'Say exactly: once' });
    expect([closing.mock.calls.length, message.content]).toEqual([1, 'once']);
    const { rows } = await sql.query('SELECT status, attempt FROM run WHERE id = $1', [run.id]);
    expect(rows).toEqual([{ status: 'succeeded', attempt: 1 }]);
    closing.mockRestore();
  });

  it('are given back though the database is away at first, and go on as the same attempt', async () => {
    const claims = chatter.app.get(RunClaims, { strict: false });
    const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
    const releasing = jest.spyOn(claims, 'release').mockRejectedValueOnce(away);
    const live = await start({ message: '[[tokens=100]][[slow=20]]' });
    const { runId } = await live.event(({ type }) => type === 'token');
    chatter.app.get(RunExecutor, { strict: false }).abandon({ id: runId, fence: 1 }, 'The lease could not be renewed.');
    expect((await live.whole()).done).toBe(true);
    expect(releasing.mock.calls.length).toBe(2);
    const { rows } = await sql.query('SELECT status, attempt, fence FROM run WHERE id = $1', [runId]);
    expect(rows).toEqual([{ status: 'succeeded', attempt: 1, fence: '2' }]);
    releasing.mockRestore();
  });

  it('are listed newest first, page by page and by status, conversation and time', async () => {
    const user = await chatter.register();
    const say = async (body: object) => (await chatter.call('POST', '/chat', { as: user, body })).body;
    const first = await say({ message: 'one' });
    const failed = await say({ message: '[[fail=rejected]]' });
    const second = await say({ message: 'two', conversationId: first.conversation.id });
    const ids = async (query: string): Promise<string[]> =>
      (await get(`/runs?${query}`, user)).body.items.map(({ id }: { id: string }) => id);
    expect(await ids('')).toEqual([second.run.id, failed.runId, first.run.id]);
    expect(await ids('status=failed')).toEqual([failed.runId]);
    expect(await ids(`conversationId=${first.conversation.id}`)).toEqual([second.run.id, first.run.id]);
    expect(await ids(`from=${second.run.createdAt}`)).toEqual([second.run.id]);
    expect(await ids(`to=${first.run.createdAt}`)).toEqual([]);
    const page = (await get('/runs?limit=2', user)).body;
    expect(page.items).toHaveLength(2);
    expect(await ids(`limit=2&cursor=${page.nextCursor}`)).toEqual([first.run.id]);
  });

  it.each([
    'status=none',
    'conversationId=x',
    'from=yesterday',
    'to=2026-02-31',
    'limit=0',
    'cursor=x',
    'x=1',
    'from=-271821-04-20',
  ])('are not listed by %s', async (query) => {
    const { status, body } = await get(`/runs?${query}`);
    expect([status, body.type]).toEqual([422, '/problems/validation-failed']);
  });

  it('of another user are not there, on any route, indistinguishable from unknown ones', async () => {
    const ben = await chatter.register();
    const { run, conversation, message } = await chat({ message: 'Hello' });
    const paths = (runId: string, conversationId: string, messageId: string): [string, string, object?][] => [
      ['GET', `/runs/${runId}`],
      ['GET', `/runs/${runId}/events`],
      ['POST', `/runs/${runId}/cancel`],
      ['GET', `/conversations/${conversationId}`],
      ['PATCH', `/conversations/${conversationId}`, { title: 'x' }],
      ['GET', `/conversations/${conversationId}/messages`],
      ['POST', `/conversations/${conversationId}/messages`, { content: 'x' }],
      ['GET', `/conversations/${conversationId}/messages/${messageId}`],
      ['PUT', `/conversations/${conversationId}/messages/${messageId}`, { content: 'x' }],
      ['POST', `/conversations/${conversationId}/messages/${messageId}/regenerate`, {}],
      ['PATCH', `/conversations/${conversationId}/messages/${messageId}/rating`, { rating: 1 }],
      ['GET', `/conversations/${conversationId}/export`],
      ['DELETE', `/conversations/${conversationId}/messages/${messageId}`],
      ['POST', `/conversations/${conversationId}/fork`, {}],
      ['POST', '/chat', { message: 'Hello', conversationId }],
      ['DELETE', `/conversations/${conversationId}`],
      ['DELETE', `/conversations/${conversationId}?purge=true`],
    ];
    const mask = (body: Record<string, unknown>, ids: readonly string[]): string =>
      ids.reduce((text, id) => text.replaceAll(id, 'ID'), JSON.stringify({ ...body, traceId: '' }));
    const mine = [run.id, conversation.id, message.id] as [string, string, string];
    for (const [index, [method, path, body]] of paths(...mine).entries()) {
      const foreign = await chatter.call(method, path, { as: ben, body });
      const [, unknownPath] = paths(UNKNOWN, UNKNOWN, UNKNOWN)[index]!;
      const unknownBody = body && JSON.parse(JSON.stringify(body).replaceAll(conversation.id, UNKNOWN));
      const unknown = await chatter.call(method, unknownPath, { as: ben, body: unknownBody });
      expect([method, path, foreign.status]).toEqual([method, path, 404]);
      expect(mask(foreign.body, mine)).toBe(mask(unknown.body, [UNKNOWN]));
    }
    const stream = await openStream(`${chatter.url}/api/v1/runs/${run.id}/events`, { headers: ben.headers });
    await stream.ended;
    expect(stream.status).toBe(404);
    expect((await get('/runs', ben)).body.items).toEqual([]);
    expect((await get(`/runs?conversationId=${conversation.id}`, ben)).body.items).toEqual([]);
    expect((await get(`/runs/${run.id}`)).body).toEqual(run);
  });

  it.each(['x', '1', UNKNOWN.slice(1), `${UNKNOWN}0`, '..%2f', "'--", '019A1B2C-3D4E-7F50-8A6B-7C8D9E0F1A2B'])(
    'named %s are not found',
    async (id) => {
      for (const path of [`/runs/${id}`, `/runs/${id}/events`]) {
        const { status, body } = await get(path);
        expect([path, status, body.type]).toEqual([path, 404, '/problems/not-found']);
      }
    },
  );
});
