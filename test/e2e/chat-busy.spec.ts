import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { startApp, type Answer, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { openStream, type LiveStream } from '../support/sse.js';

const STALL = '[[stall:after=3]] Say exactly: one two three four five';

describe('a conversation that a run holds', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let sql: Client;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '1', MODEL_MAX_RETRIES: '0', SHUTDOWN_TIMEOUT_MS: '100' });
    anna = await chatter.register();
    sql = new Client(chatter.database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });

  const chat = (body: object, headers: Record<string, string> = {}) =>
    chatter.call('POST', '/chat', { as: anna, body, headers });
  const stream = (body: object): Promise<LiveStream> =>
    openStream(`${chatter.url}/api/v1/chat`, { method: 'POST', headers: anna.headers, body });
  const run = async (id: string) => (await chatter.call('GET', `/runs/${id}`, { as: anna })).body;
  const cancel = (id: string, headers: Record<string, string> = {}): Promise<Answer> =>
    chatter.call('POST', `/runs/${id}/cancel`, { as: anna, headers });
  const messages = async (
    id: string,
  ): Promise<{ id: string; role: string; content: string; sequence: number; runId: string }[]> =>
    (await chatter.call('GET', `/conversations/${id}/messages?limit=100`, { as: anna })).body.items;

  /** A turn whose model said three words and then nothing more. */
  async function stalled(body: object = {}): Promise<{ live: LiveStream; runId: string; conversationId: string }> {
    const live = await stream({ message: STALL, ...body });
    await live.event(({ type }) => type === 'token');
    const { runId, conversationId } = live.reading.frames[0]!.event;
    return { live, runId, conversationId };
  }

  describe('cancel', () => {
    it('ends the run: the stream tells it, the user message stays, no answer is stored, the conversation is free', async () => {
      const { live, runId, conversationId } = await stalled();
      const answer = await cancel(runId);
      expect(answer).toMatchObject({ status: 200, body: { id: runId, status: 'cancelled' } });
      expect(answer.body.problem).toMatchObject({ type: '/problems/run-cancelled', status: 409, runId });
      expect(answer.body.output).toEqual({ text: 'one two three' });

      const { frames, done } = await live.whole();
      const events = frames.map(({ event }) => event);
      expect(done).toBe(true);
      expect(events.at(-1)).toMatchObject({ type: 'error', problem: { type: '/problems/run-cancelled', runId } });
      expect(events.at(-2)).toMatchObject({ type: 'node_end', nodeId: 'model', status: 'failed' });
      expect((await messages(conversationId)).map(({ role }) => role)).toEqual(['user']);

      const next = await chat({ conversationId, message: 'Say exactly: again' });
      expect([next.status, next.body.message.content]).toEqual([200, 'again']);
      expect((await messages(conversationId)).map(({ role, sequence }) => `${role} ${sequence}`)).toEqual([
        'user 1',
        'user 2',
        'assistant 3',
      ]);
    });

    it('is idempotent, also in parallel, and leaves a run that has ended as it is', async () => {
      const { runId, live } = await stalled();
      const answers = await Promise.all(Array.from({ length: 10 }, () => cancel(runId)));
      expect(answers.map(({ status, body }) => [status, body.status])).toEqual(Array(10).fill([200, 'cancelled']));
      expect((await live.whole()).frames.filter(({ event }) => event.type === 'error')).toHaveLength(1);
      expect((await cancel(runId)).body).toEqual(await run(runId));

      const finished = (await chat({ message: 'Hello' })).body.run;
      expect((await cancel(finished.id)).body).toEqual(finished);
    });

    it('answers at once, also with an Idempotency-Key', async () => {
      const { runId } = await stalled();
      const before = Date.now();
      const answer = await cancel(runId, { 'Idempotency-Key': 'cancel-once' });
      expect(Date.now() - before).toBeLessThan(10_000);
      expect(answer.body).toMatchObject({ id: runId, status: 'cancelled' });
      expect((await cancel(runId, { 'Idempotency-Key': 'cancel-once' })).body).toMatchObject({ status: 'cancelled' });
    });

    it('answers the JSON request of the turn with 409 and the run', async () => {
      const asked = chat({ message: STALL });
      const { id } = await eventually(async () => {
        const { body } = await chatter.call('GET', '/runs?status=running', { as: anna });
        return body.items[0] as { id: string } | undefined;
      });
      await cancel(id);
      const { status, body } = await asked;
      expect(status).toBe(409);
      expect(body).toMatchObject({ type: '/problems/run-cancelled', runId: id, instance: `/api/v1/runs/${id}` });
    });

    it('of another user is a 404 and harms nothing', async () => {
      const ben = await chatter.register();
      const { runId, live } = await stalled();
      expect((await chatter.call('POST', `/runs/${runId}/cancel`, { as: ben })).status).toBe(404);
      expect((await run(runId)).status).toBe('running');
      await cancel(runId);
      await live.ended;
    });
  });

  describe('its messages', () => {
    it.each([
      ['POST', '', { content: 'Hello' }],
      ['PUT', '/:question', { content: 'Something else' }],
      ['DELETE', '/:question', undefined],
    ])('stay as they are: %s is refused with the run that holds it', async (method, path, body) => {
      const { runId, conversationId, live } = await stalled();
      const before = await messages(conversationId);
      const at = `/conversations/${conversationId}/messages${path.replace(':question', before[0]!.id)}`;
      const answer = await chatter.call(method, at, { as: anna, body });
      expect(answer).toMatchObject({ status: 409, body: { type: '/problems/conflict', runId } });
      expect(await messages(conversationId)).toEqual(before);
      await cancel(runId);
      await live.ended;
      expect((await chatter.call(method, at, { as: anna, body })).status).toBeLessThan(300);
    });
  });

  describe('a second turn', () => {
    it('is refused by default with the run that holds it', async () => {
      const { runId, conversationId, live } = await stalled();
      for (const onBusy of [undefined, 'reject']) {
        const { status, headers, body } = await chat({ conversationId, message: 'Hello', onBusy });
        expect(status).toBe(409);
        expect(body).toMatchObject({ type: '/problems/conversation-busy', runId, conversationId });
        expect(body.detail).toContain(runId);
        expect(headers.get('retry-after')).toMatch(/^\d+$/);
      }
      expect(await messages(conversationId)).toHaveLength(1);
      await cancel(runId);
      await live.ended;
    });

    it('waits for its turn when enqueued, in the order of arrival', async () => {
      const first = await stream({ message: '[[tokens=20]][[slow=500]]' });
      const { conversationId } = await first.event(({ type }) => type === 'start');
      const queued: Promise<Answer>[] = [];
      for (const n of [2, 3, 4]) {
        queued.push(chat({ conversationId, message: `Say exactly: answer ${n}`, onBusy: 'enqueue' }));
        await eventually(async () => (await inStatus('queued', conversationId)) === n - 1);
      }
      expect(await messages(conversationId)).toHaveLength(1);
      const answers = await Promise.all(queued);
      expect(answers.map(({ status, body }) => [status, body.message?.content])).toEqual([
        [200, 'answer 2'],
        [200, 'answer 3'],
        [200, 'answer 4'],
      ]);
      const all = await messages(conversationId);
      expect(all.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(all.map(({ role, runId }) => `${role} ${runId}`)).toEqual(
        [first.headers['x-run-id'], ...answers.map(({ body }) => body.run.id)].flatMap((id) => [
          `user ${id}`,
          `assistant ${id}`,
        ]),
      );
      expect(answers.map(({ body }) => body.run.attempt)).toEqual([1, 1, 1]);
    });

    it('streams once its turn has come: comments until then, then its events from 1', async () => {
      const { conversationId, runId, live } = await stalled();
      const second = stream({ conversationId, message: 'Say exactly: at last', onBusy: 'enqueue' });
      const waiting = await second;
      expect(waiting.status).toBe(200);
      expect(waiting.reading.frames).toEqual([]);
      await cancel(runId);
      await live.ended;
      const { frames, done } = await waiting.whole();
      expect(done).toBe(true);
      expect(frames[0]).toMatchObject({ id: 1, event: { type: 'start', conversationId, attempt: 1 } });
      expect(frames.at(-1)!.event).toMatchObject({ type: 'complete', message: { content: 'at last' } });
    });

    it('can be cancelled while it waits: it never began, and the next one goes on', async () => {
      const { conversationId, runId, live } = await stalled();
      const dropped = chat({ conversationId, message: 'never said', onBusy: 'enqueue' });
      const id = await eventually(() => idInStatus('queued', conversationId));
      const kept = chat({ conversationId, message: 'Say exactly: kept', onBusy: 'enqueue' });
      await eventually(async () => (await inStatus('queued', conversationId)) === 2);
      expect((await cancel(id)).body).toMatchObject({ status: 'cancelled', attempt: 0 });
      expect((await dropped).body).toMatchObject({ status: 409, type: '/problems/run-cancelled', runId: id });
      const log = await openStream(`${chatter.url}/api/v1/runs/${id}/events`, { headers: anna.headers });
      expect((await log.whole()).frames.map(({ event }) => event.type)).toEqual(['start', 'error']);
      await cancel(runId);
      await live.ended;
      expect((await kept).body.message.content).toBe('kept');
      expect((await messages(conversationId)).map(({ content }) => content)).toEqual([
        STALL,
        'Say exactly: kept',
        'kept',
      ]);
    });

    it('takes the place of the run when it interrupts', async () => {
      const { conversationId, runId, live } = await stalled();
      const { status, body } = await chat({ conversationId, message: 'Say exactly: me first', onBusy: 'interrupt' });
      expect([status, body.message.content]).toEqual([200, 'me first']);
      expect((await live.whole()).frames.at(-1)!.event).toMatchObject({
        type: 'error',
        problem: { type: '/problems/run-cancelled' },
      });
      expect((await run(runId)).status).toBe('cancelled');
      expect((await messages(conversationId)).map(({ role, sequence }) => `${role} ${sequence}`)).toEqual([
        'user 1',
        'user 2',
        'assistant 3',
      ]);
    });

    it.each(['reject', 'enqueue', 'interrupt'])(
      'begins at once on a free conversation with onBusy %s',
      async (onBusy) => {
        const { body } = await chat({ message: 'Hello', onBusy });
        const next = await chat({ conversationId: body.conversation.id, message: 'Say exactly: now', onBusy });
        expect([next.status, next.body.message.content]).toEqual([200, 'now']);
      },
    );

    it('leaves one winner and one history when many interrupt each other', async () => {
      const { conversationId, live } = await stalled();
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          chat({ conversationId, message: `[[tokens=30]][[slow=20]] ${n}`, onBusy: 'interrupt' }),
        ),
      );
      await live.ended;
      expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 409)).toEqual([]);
      expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1);
      const all = await messages(conversationId);
      expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => index + 1));
      for (const { role, runId } of all.filter(({ role }) => role === 'assistant')) {
        expect([role, (await run(runId)).status]).toEqual(['assistant', 'succeeded']);
      }
      const { rows } = await sql.query<{ status: string }>(
        'SELECT DISTINCT status FROM run WHERE conversation_id = $1 ORDER BY status',
        [conversationId],
      );
      expect(rows.map(({ status }) => status)).toEqual(['cancelled', 'succeeded']);
    });
  });

  describe('a client that leaves', () => {
    const SLOW = '[[tokens=20]][[slow=200]]';

    it('does not stop its run by default: the answer is stored', async () => {
      const live = await stream({ message: SLOW });
      await live.event(({ type }) => type === 'token');
      const { runId, conversationId } = live.reading.frames[0]!.event;
      live.close();
      await eventually(async () => (await run(runId)).status === 'succeeded');
      expect((await messages(conversationId)).map(({ role }) => role)).toEqual(['user', 'assistant']);
    });

    it('does not stop its run by default when it waited for JSON either', async () => {
      const leave = new AbortController();
      const asked = fetch(`${chatter.url}/api/v1/chat`, {
        method: 'POST',
        headers: { ...anna.headers, 'Content-Type': 'application/json' },
        body: JSON.stringify({ message: SLOW }),
        signal: leave.signal,
      });
      const id = await eventually(() => idInStatus('running'));
      leave.abort();
      await expect(asked).rejects.toThrow(/abort/i);
      await eventually(async () => (await run(id)).status === 'succeeded');
    });

    it.each(['stream', 'JSON'])('cancels its run when it said so (%s)', async (kind) => {
      const leave = new AbortController();
      const asked = fetch(`${chatter.url}/api/v1/chat`, {
        method: 'POST',
        headers: { ...anna.headers, 'Content-Type': 'application/json' },
        body: JSON.stringify({ message: STALL, onDisconnect: 'cancel', stream: kind === 'stream' }),
        signal: leave.signal,
      }).then((response) => response.text());
      asked.catch(() => undefined);
      const id = await eventually(() => idInStatus('running'));
      if (kind === 'stream') await sleep(20);
      leave.abort();
      const ended = await eventually(async () => {
        const now = await run(id);
        return now.status === 'running' ? undefined : now;
      });
      expect(ended).toMatchObject({ status: 'cancelled', problem: { type: '/problems/run-cancelled' } });
    });

    it('has not left when it reads to the end', async () => {
      const live = await stream({ message: '[[tokens=5]]', onDisconnect: 'cancel' });
      expect((await live.whole()).frames.at(-1)!.event.type).toBe('complete');
    });
  });

  describe('deletion of the conversation', () => {
    it('ends the turn with 404 and stores nothing further', async () => {
      const live = await stream({ message: '[[tokens=20]][[slow=250]]' });
      const { conversationId } = await live.event(({ type }) => type === 'start');
      expect((await chatter.call('DELETE', `/conversations/${conversationId}`, { as: anna })).status).toBe(204);
      const { frames, done } = await live.whole();
      expect([done, frames.at(-1)!.event]).toMatchObject([true, { type: 'error', problem: { status: 404 } }]);
    });

    it('ends a turn that waits for its turn with 404, once it has come', async () => {
      const { live, runId, conversationId } = await stalled();
      const waiting = chat({ conversationId, message: 'too late', onBusy: 'enqueue' });
      const id = await eventually(() => idInStatus('queued', conversationId));
      await chatter.call('DELETE', `/conversations/${conversationId}`, { as: anna });
      await cancel(runId);
      await live.ended;
      const { status, body } = await waiting;
      expect([status, body.type, body.runId]).toEqual([404, '/problems/not-found', id]);
      expect(await run(id)).toMatchObject({ status: 'failed', attempt: 1 });
      const log = await openStream(`${chatter.url}/api/v1/runs/${id}/events`, { headers: anna.headers });
      const { frames, done } = await log.whole();
      expect([done, frames.map(({ id: seq, event }) => `${seq} ${event.type}`)]).toEqual([
        true,
        ['1 start', '2 error'],
      ]);
    });

    it('for good ends streams and JSON requests that wait for its run', async () => {
      const { live, conversationId } = await stalled();
      const follower = await openStream(`${chatter.url}/api/v1/runs/${live.headers['x-run-id']}/events`, {
        headers: anna.headers,
      });
      const purged = await chatter.call('DELETE', `/conversations/${conversationId}?purge=true`, { as: anna });
      expect(purged.status).toBe(204);
      for (const told of [live, follower]) {
        expect(await told.ended).toBe('end');
        const { done, frames } = told.reading;
        const problem = { type: '/problems/not-found', status: 404, detail: expect.stringContaining('removed') };
        expect([done, frames.at(-1)!.event]).toMatchObject([true, { type: 'error', seq: frames.length, problem }]);
      }
      const { rows } = await sql.query(
        'SELECT (SELECT count(*)::int FROM run WHERE conversation_id = $1) runs, (SELECT count(*)::int FROM run_event WHERE run_id = $2) events',
        [conversationId, live.headers['x-run-id']],
      );
      expect(rows).toEqual([{ runs: 0, events: 0 }]);
    });
  });

  const inStatus = async (status: string, conversationId: string): Promise<number> =>
    (await chatter.call('GET', `/runs?status=${status}&conversationId=${conversationId}`, { as: anna })).body.items
      .length;

  const idInStatus = async (status: string, conversationId?: string): Promise<string | undefined> => {
    const filter = conversationId === undefined ? '' : `&conversationId=${conversationId}`;
    return (await chatter.call('GET', `/runs?status=${status}${filter}`, { as: anna })).body.items[0]?.id;
  };
});
