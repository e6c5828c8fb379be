import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { RunExecutor } from '../../src/workflow/run/run-executor.js';
import { RunFeed } from '../../src/workflow/run/run-feed.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { cuttingProxy } from '../support/cutting-proxy.js';
import { eventually } from '../support/eventually.js';
import { logText, openStream, readingOf, textOf, type Frame, type LiveStream } from '../support/sse.js';

const HEARTBEAT_MS = 300;

describe('a stream', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let sql: Pool;

  beforeAll(async () => {
    chatter = await startApp({
      SCRIPTED_TOKEN_MS: '0',
      EVENT_FLUSH_MS: '1',
      STREAM_HEARTBEAT_MS: String(HEARTBEAT_MS),
      MAX_RUNS_PER_USER: '1000',
      SHUTDOWN_TIMEOUT_MS: '100',
    });
    anna = await chatter.register();
    sql = new Pool({ ...chatter.database.connection, max: 2 });
  });

  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });

  const start = (body: object, as: Pick<SignedIn, 'headers'> = anna): Promise<LiveStream> =>
    openStream(`${chatter.url}/api/v1/chat`, { method: 'POST', headers: as.headers, body });
  const follow = (runId: string, as = anna): Promise<LiveStream> =>
    openStream(`${chatter.url}/api/v1/runs/${runId}/events`, { headers: as.headers });
  const storedLog = async (runId: string): Promise<string> => {
    const { rows } = await sql.query<{ id: number; data: string }>(
      'SELECT seq AS id, data FROM run_event WHERE run_id = $1 ORDER BY seq',
      [runId],
    );
    return logText(rows);
  };
  const cancel = (runId: string) => chatter.call('POST', `/runs/${runId}/cancel`, { as: anna });

  it('cut 200 times at any byte and resumed each time is the log, byte for byte', async () => {
    const STREAMS = 10;
    const CUTS = 20;
    /** Cuts one reading as often as wanted, in its head, between and within frames, then lets it through. */
    async function readThroughCuts(number: number): Promise<void> {
      let cutsLeft = CUTS;
      const proxy = await cuttingProxy(chatter.url, () => (cutsLeft-- > 0 ? randomInt(1, 2_400) : Infinity));
      try {
        const key = `cut-${number}-${Date.now()}`;
        const body = { message: `[[tokens=120]][[slow=20]] ${'é👋'.repeat(20)}` };
        let runId: string | undefined;
        let frames: Frame[] = [];
        for (;;) {
          const last = frames.at(-1)?.id;
          const live = await (
            runId === undefined
              ? openStream(`${proxy.url}/api/v1/chat`, {
                  method: 'POST',
                  headers: { ...anna.headers, 'Idempotency-Key': key },
                  body,
                })
              : openStream(`${proxy.url}/api/v1/runs/${runId}/events`, {
                  headers: { ...anna.headers, ...(last === undefined ? {} : { 'Last-Event-ID': String(last) }) },
                })
          ).catch(() => undefined);
          if (!live) continue;
          await live.ended;
          if (live.status === 409) continue;
          expect([live.status, live.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
          runId = live.headers['x-run-id'] as string;
          const reading = readingOf(live.text);
          frames = [...frames, ...reading.frames];
          if (reading.done) break;
        }
        expect(proxy.cuts).toBe(CUTS);
        expect(frames.map(({ id }) => id)).toEqual(frames.map((_, index) => index + 1));
        const read = logText(frames);
        expect(read).toBe(await storedLog(runId));
        expect(read).toBe((await (await follow(runId)).whole()).log);
        const events = frames.map(({ event }) => event);
        expect(events.filter(({ type }) => type === 'start')).toHaveLength(1);
        expect(textOf(events)).toBe(events.at(-1)!.message.content);
        expect(events.length).toBeGreaterThan(8);
      } finally {
        await proxy.stop();
      }
    }
    await Promise.all(Array.from({ length: STREAMS }, (_, number) => readThroughCuts(number)));
  });

  it('that is idle carries a comment every heartbeat, and its headers come before any event', async () => {
    const live = await start({ message: '[[stall:after=1]] Say exactly: x y' });
    await live.event(({ type }) => type === 'token');
    const before = live.reading.pings;
    const at = performance.now();
    const pings = await eventually(() => live.reading.pings >= before + 5 && live.reading.pings - before);
    expect(pings).toBeLessThanOrEqual((performance.now() - at) / HEARTBEAT_MS + 2);
    await cancel(live.headers['x-run-id'] as string);
    expect((await live.whole()).done).toBe(true);
  });

  it('of a follower carries them too', async () => {
    const live = await start({ message: '[[stall]]' });
    const follower = await follow(live.headers['x-run-id'] as string);
    await eventually(() => follower.reading.pings >= 2);
    await cancel(live.headers['x-run-id'] as string);
    expect((await follower.whole()).done).toBe(true);
  });

  it('aborted 300 times, at any moment, leaves nothing behind', async () => {
    const long = await start({ message: '[[stall:after=1]] Say exactly: x y' });
    const { runId } = await long.event(({ type }) => type === 'token');
    const feed = chatter.app.get(RunFeed, { strict: false });
    const executor = chatter.app.get(RunExecutor, { strict: false });
    await eventually(() => feed.size === 1);
    for (let batch = 0; batch < 10; batch += 1) {
      const readers = Array.from({ length: 30 }, async (_, n) => {
        const stop = new AbortController();
        const url = n % 2 ? `/api/v1/runs/${runId}/events` : '/api/v1/chat';
        const asked = fetch(`${chatter.url}${url}`, {
          method: n % 2 ? 'GET' : 'POST',
          headers: { ...anna.headers, Accept: 'text/event-stream', 'Content-Type': 'application/json' },
          body: n % 2 ? undefined : JSON.stringify({ message: '[[tokens=5]][[slow=5]]', onDisconnect: 'cancel' }),
          signal: stop.signal,
        }).then((response) => response.text());
        asked.catch(() => undefined);
        await sleep(randomInt(0, 60));
        stop.abort();
      });
      await Promise.all(readers);
    }
    await eventually(() => feed.size === 1 && executor.executing.length === 1);
    await cancel(runId);
    await long.ended;
    await eventually(() => feed.size === 0 && executor.executing.length === 0, { withinMs: 40_000 });
    const { rows } = await sql.query(`SELECT count(*)::int AS runs FROM run WHERE status IN ('queued', 'running')`);
    expect(rows).toEqual([{ runs: 0 }]);
  });

  describe('whose reader may no longer read', () => {
    it.each(['logged out', 'changed the password'])('is cut soon, without [DONE]: %s', async (how) => {
      const user = await chatter.register();
      const live = await start({ message: '[[stall:after=1]] Say exactly: x y' }, user);
      await live.event(({ type }) => type === 'token');
      const follower = await follow(live.headers['x-run-id'] as string, user);
      await sleep(2 * HEARTBEAT_MS);
      const revoked =
        how === 'logged out'
          ? await chatter.call('POST', '/auth/logout', { as: user })
          : await chatter.call('POST', '/auth/change-password', {
              as: user,
              body: { currentPassword: user.password, newPassword: 'another battery' },
            });
      expect([200, 204]).toContain(revoked.status);
      const revokedAt = performance.now();
      for (const stream of [live, follower]) {
        expect(await stream.ended).toBe('cut');
        expect(stream.reading.done).toBe(false);
      }
      expect(performance.now() - revokedAt).toBeLessThan(10_000);
      expect((await chatter.call('GET', `/runs/${live.headers['x-run-id']}`, { as: user })).status).toBe(401);
    });

    it('is cut when the API key that opened it is revoked', async () => {
      const { body: key } = await chatter.call('POST', '/auth/api-keys', { as: anna, body: { name: 'k' } });
      const live = await start({ message: '[[stall]]' }, { headers: { Authorization: `Bearer ${key.key}` } });
      await sleep(2 * HEARTBEAT_MS);
      expect((await chatter.call('DELETE', `/auth/api-keys/${key.id}`, { as: anna })).status).toBe(204);
      expect(await live.ended).toBe('cut');
      await cancel(live.headers['x-run-id'] as string);
    });

    it('lives on when only the token that opened it expires', async () => {
      const live = await start({ message: '[[tokens=4]][[slow=1500]]' });
      await live.event(({ type }) => type === 'token');
      const clock = chatter.app.get(Clock, { strict: false });
      Object.assign(clock, { millis: () => Date.now() + 3_600_000 });
      try {
        expect((await chatter.call('GET', '/auth/me', { as: anna })).status).toBe(401);
        const { done, frames, pings } = await live.whole();
        expect([done, frames.at(-1)!.event.type]).toEqual([true, 'complete']);
        expect(pings).toBeGreaterThanOrEqual(3);
      } finally {
        Reflect.deleteProperty(clock, 'millis');
      }
      expect((await chatter.call('GET', '/auth/me', { as: anna })).status).toBe(200);
    });
  });
});
