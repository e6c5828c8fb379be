import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { newId } from '../../src/platform/clock/id.js';
import { startApp, type RequestParts, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { openStream, textOf, type LiveStream } from '../support/sse.js';

interface Said {
  readonly id: string;
  readonly role: string;
  readonly content: string;
  readonly parentId: string | null;
  readonly sequence: number;
  readonly runId: string;
}

describe('regenerating an answer', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let sql: Client;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', MODEL_MAX_RETRIES: '0', RUN_LEASE_MS: '600000' });
    anna = await chatter.register();
    sql = new Client(chatter.database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });

  const call = (method: string, path: string, parts: RequestParts = {}) =>
    chatter.call(method, path, { as: anna, ...parts });
  const pathOf = (conversationId: string, messageId: string) =>
    `/conversations/${conversationId}/messages/${messageId}/regenerate`;
  const regenerate = (conversationId: string, messageId: string, parts: RequestParts = {}) =>
    call('POST', pathOf(conversationId, messageId), { body: {}, ...parts });
  const stream = (conversationId: string, messageId: string, parts: RequestParts = {}): Promise<LiveStream> =>
    openStream(`${chatter.url}/api/v1${pathOf(conversationId, messageId)}`, {
      method: 'POST',
      headers: { ...anna.headers, ...parts.headers },
      body: parts.body ?? {},
    });
  const branch = async (conversationId: string, through?: string): Promise<readonly Said[]> =>
    (await call('GET', `/conversations/${conversationId}/messages?limit=100${through ? `&branch=${through}` : ''}`))
      .body.items;
  const contents = async (conversationId: string, through?: string) =>
    (await branch(conversationId, through)).map(({ content }) => content);

  /** A conversation of these turns, and its messages. */
  async function spoken(...turns: readonly string[]): Promise<{ id: string; messages: readonly Said[] }> {
    let conversationId: string | undefined;
    for (const message of turns) {
      const { status, body } = await call('POST', '/chat', { body: { message, conversationId } });
      expect([status, body.type]).toEqual([200, undefined]);
      conversationId = body.conversation.id as string;
    }
    return { id: conversationId!, messages: await branch(conversationId!) };
  }

  /** Every row of the conversation's messages. */
  const rows = async (conversationId: string) =>
    (
      await sql.query<{ role: string; parent_id: string | null; run_id: string | null; sequence: number }>(
        'SELECT role, parent_id, run_id, sequence FROM message WHERE conversation_id = $1 ORDER BY sequence',
        [conversationId],
      )
    ).rows;

  describe('as JSON', () => {
    it('answers as a turn does; the answer is a sibling of the old one and ends the active branch', async () => {
      const { id, messages } = await spoken('My name is Ada.', 'What is my name?', 'Say exactly: after');
      const [, , question, old] = messages;
      const { status, headers, body } = await regenerate(id, old!.id);
      expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
      expect(headers.get('vary')).toMatch(/Accept(?!-)/);
      expect(Object.keys(body).sort()).toEqual(['conversation', 'message', 'run']);
      expect(body.message).toMatchObject({
        role: 'assistant',
        parentId: question!.id,
        content: 'Your name is Ada.',
        sequence: 7,
        runId: body.run.id,
        model: 'scripted:default',
        usage: body.run.usage,
        finishReason: 'stop',
      });
      expect(body.message.id).not.toBe(old!.id);
      expect(body.run).toMatchObject({
        kind: 'chat',
        status: 'succeeded',
        conversationId: id,
        input: { message: 'What is my name?', model: 'scripted:default' },
      });
      expect(body.conversation).toMatchObject({ id, messageCount: 7 });
      expect(body.run.id).not.toBe(old!.runId);

      expect(await branch(id)).toEqual([...messages.slice(0, 3), body.message]);
      expect(await branch(id, old!.id)).toEqual(messages);
      expect((await sql.query('SELECT message_id FROM run WHERE id = $1', [body.run.id])).rows).toEqual([
        { message_id: question!.id },
      ]);
    });

    it('writes no user message, and takes the user message for the answer to it', async () => {
      const { id, messages } = await spoken('Say exactly: one');
      const [question, answer] = messages;
      await regenerate(id, question!.id);
      await regenerate(id, answer!.id);
      expect(await rows(id)).toEqual([
        { role: 'user', parent_id: null, run_id: question!.runId, sequence: 1 },
        ...[2, 3, 4].map((sequence) => ({
          role: 'assistant',
          parent_id: question!.id,
          run_id: expect.any(String) as string,
          sequence,
        })),
      ]);
      expect(new Set((await rows(id)).map(({ run_id }) => run_id)).size).toBe(3);
    });

    it('is what the next turn goes on from, and what the model hears', async () => {
      const { id, messages } = await spoken('Say exactly: one', 'Say exactly: two', 'Say exactly: three');
      const first = await regenerate(id, messages[1]!.id);
      const next = await call('POST', '/chat', { body: { conversationId: id, message: 'How much do you see?' } });
      expect(next.body.message.content).toMatch(/I see 2 earlier messages\./);
      expect((await branch(id)).map((message) => message.id)).toEqual([
        messages[0]!.id,
        first.body.message.id,
        next.body.message.parentId,
        next.body.message.id,
      ]);
      const again = await regenerate(id, next.body.message.id as string);
      expect(again.body.message.content).toBe(next.body.message.content);
    });

    it('answers a message that no run has answered', async () => {
      const { id } = (await call('POST', '/conversations', { body: {} })).body;
      const said = await call('POST', `/conversations/${id}/messages`, { body: { content: 'Say exactly: at last' } });
      expect((await regenerate(id, said.body.id as string)).body.message).toMatchObject({
        content: 'at last',
        parentId: said.body.id,
      });
      expect(await contents(id)).toEqual(['Say exactly: at last', 'at last']);
    });

    it('takes workflow, model and system message of the conversation, and the model of the body', async () => {
      const { id, messages } = await spoken('What is my name?');
      await call('PATCH', `/conversations/${id}`, {
        body: { systemMessage: "The user's name is Grace.", workflow: 'basic' },
      });
      const again = await regenerate(id, messages[1]!.id);
      expect(again.body.message.content).toBe('Your name is Grace.');
      expect(again.body.run).toMatchObject({
        workflow: { name: 'plain' },
        input: { systemMessage: "The user's name is Grace.", message: 'What is my name?' },
      });
      await call('PATCH', `/conversations/${id}`, { body: { model: 'scripted:nope' } });
      const unknown = await regenerate(id, messages[1]!.id);
      expect([unknown.status, unknown.body.type]).toEqual([422, '/problems/model-unknown']);
      const overridden = await regenerate(id, messages[1]!.id, { body: { model: 'scripted:default' } });
      expect(overridden.body.message.model).toBe('scripted:default');
      expect((await call('GET', `/conversations/${id}`)).body.model).toBe('scripted:nope');
    });

    it('needs no body', async () => {
      const { id, messages } = await spoken('Say exactly: one');
      expect((await call('POST', pathOf(id, messages[1]!.id))).status).toBe(200);
    });
  });

  describe('as a stream', () => {
    it.each([
      ['stream: true', { stream: true }, '*/*'],
      ['Accept: text/event-stream', {}, 'text/event-stream'],
    ])('is asked for by %s and tells what a turn tells', async (_, body, accept) => {
      const { id, messages } = await spoken('Say exactly: Good day to you.');
      const live = await stream(id, messages[1]!.id, { body, headers: { Accept: accept } });
      const { frames, done, log } = await live.whole();
      expect(live.headers).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'content-location': `/api/v1/runs/${live.headers['x-run-id'] as string}`,
      });
      expect(done).toBe(true);
      const events = frames.map(({ event }) => event);
      expect(events[0]).toMatchObject({
        type: 'start',
        conversationId: id,
        userMessageId: messages[0]!.id,
        attempt: 1,
      });
      expect(textOf(events)).toBe('Good day to you.');
      expect(events.at(-1)).toMatchObject({ type: 'complete', message: (await branch(id)).at(-1) });
      const replay = await openStream(`${chatter.url}/api/v1/runs/${live.headers['x-run-id'] as string}/events`, {
        headers: anna.headers,
      });
      expect((await replay.whole()).log).toBe(log);
    });

    it('answers a refusal before the first event as an ordinary problem', async () => {
      const { id } = await spoken('Hello');
      const live = await stream(id, newId());
      await live.ended;
      expect([live.status, live.headers['content-type']]).toEqual([404, 'application/problem+json; charset=utf-8']);
    });
  });

  it('that fails answers its problem, and leaves the branches as they are', async () => {
    const failed = await call('POST', '/chat', { body: { message: '[[fail]]' } });
    const { conversationId: id } = (await call('GET', `/runs/${failed.body.runId}`)).body;
    const [question] = await branch(id as string);
    const again = await regenerate(id as string, question!.id);
    expect([again.status, again.body.type]).toEqual([503, '/problems/model-unavailable']);
    expect(again.body.runId).not.toBe(failed.body.runId);
    expect(await branch(id as string)).toEqual([question]);
    expect((await call('GET', `/conversations/${id}`)).body.activeRun).toBeUndefined();

    const { id: other, messages } = await spoken('Say exactly: one', 'Say exactly: two');
    await call('PATCH', `/conversations/${other}`, { body: { model: 'scripted:nope' } });
    await regenerate(other, messages[1]!.id);
    expect(await branch(other)).toEqual(messages);
  });

  it('has exactly one winner among parallel ones, and the rest name its run', async () => {
    const { id, messages } = await spoken('[[tokens=20]][[slow=300]]');
    const answers = await Promise.all(Array.from({ length: 8 }, () => regenerate(id, messages[1]!.id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(409)]);
    const winner = answers.find(({ status }) => status === 200)!.body.run.id as string;
    for (const { status, headers, body } of answers) {
      if (status === 200) continue;
      expect(body).toMatchObject({ type: '/problems/conversation-busy', runId: winner, conversationId: id });
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect((await rows(id)).map(({ role }) => role)).toEqual(['user', 'assistant', 'assistant']);
  });

  it('shows its run in the conversation while it goes on', async () => {
    const { id, messages } = await spoken('[[tokens=20]][[slow=250]]');
    const read = async () => (await call('GET', `/conversations/${id}`)).body;
    expect(await read()).not.toHaveProperty('activeRun');
    const live = await stream(id, messages[1]!.id);
    expect((await read()).activeRun).toEqual({ id: live.headers['x-run-id'], status: 'running' });
    expect((await call('GET', `/conversations/${id}`)).headers.get('cache-control')).toBe('no-store');
    const listed = (await call('GET', '/conversations?limit=1')).body.items[0];
    expect([listed.id, listed.activeRun]).toEqual([id, undefined]);
    const ben = await chatter.register();
    expect((await call('GET', `/conversations/${id}`, { as: ben })).status).toBe(404);
    await live.whole();
    expect(await read()).not.toHaveProperty('activeRun');
  });

  it('is caused once for repeated requests with one Idempotency-Key, also when the old answer is gone meanwhile', async () => {
    const { id, messages } = await spoken('Say exactly: one');
    const parts = { headers: { 'Idempotency-Key': newId() } };
    const first = await regenerate(id, messages[1]!.id, parts);
    await call('DELETE', `/conversations/${id}/messages/${messages[1]!.id}`);
    const again = await regenerate(id, messages[1]!.id, parts);
    expect([again.status, again.body.run, again.body.message]).toEqual([200, first.body.run, first.body.message]);
    const { frames } = await (await stream(id, messages[1]!.id, parts)).whole();
    expect(frames[0]!.event.runId).toBe(first.body.run.id);
    const other = await regenerate(id, messages[1]!.id, { ...parts, body: { model: 'scripted:default' } });
    expect([other.status, other.body.type]).toEqual([422, '/problems/idempotency-key-reused']);
    expect((await rows(id)).map(({ role }) => role)).toEqual(['user', 'assistant', 'assistant']);
  });

  describe('is refused', () => {
    it('for messages that are not there for the caller', async () => {
      const { id, messages } = await spoken('Say exactly: one', 'Say exactly: two');
      const other = await spoken('Elsewhere');
      const ben = await chatter.register();
      await call('DELETE', `/conversations/${id}/messages/${messages[3]!.id}`);
      for (const [conversationId, messageId, as] of [
        [id, messages[1]!.id, ben],
        [id, other.messages[1]!.id, anna],
        [id, messages[3]!.id, anna],
        [id, newId(), anna],
        [newId(), messages[1]!.id, anna],
        [id, 'nonsense', anna],
      ] as const) {
        const answer = await regenerate(conversationId, messageId, { as });
        expect([answer.status, answer.body.type]).toEqual([404, '/problems/not-found']);
      }
      await call('DELETE', `/conversations/${id}`);
      expect((await regenerate(id, messages[1]!.id)).status).toBe(404);
      expect((await sql.query('SELECT FROM run WHERE conversation_id = $1', [id])).rowCount).toBe(2);
    });

    it('for an answer whose question is gone', async () => {
      const { id, messages } = await spoken('Say exactly: one', 'Say exactly: two');
      await call('DELETE', `/conversations/${id}/messages/${messages[0]!.id}`);
      await call('DELETE', `/conversations/${id}/messages/${messages[2]!.id}`);
      for (const answer of [messages[1]!, messages[3]!]) {
        const { status, body } = await regenerate(id, answer.id);
        expect([status, body.type]).toEqual([409, '/problems/conflict']);
        expect(body.detail).toContain(answer.id);
      }
    });

    it('to viewers and to keys without chat:write', async () => {
      const workspace = (await call('POST', '/workspaces', { body: { name: 'Team' } })).body;
      const ben = await chatter.register();
      await call('POST', `/workspaces/${workspace.id}/members`, { body: { email: ben.user.email, role: 'viewer' } });
      const headers = { 'X-Workspace-Id': workspace.id as string };
      const turn = (await call('POST', '/chat', { body: { message: 'Hello' }, headers })).body;
      const asBen = await regenerate(turn.conversation.id, turn.message.id, { as: ben, headers });
      expect([asBen.status, asBen.body.type]).toEqual([403, '/problems/forbidden']);
      expect((await regenerate(turn.conversation.id, turn.message.id, { headers })).status).toBe(200);
      const { body: key } = await call('POST', '/auth/api-keys', {
        body: { name: 'k', scopes: ['conversations:read', 'conversations:write'] },
      });
      const { id, messages } = await spoken('Hello');
      const keyed = { headers: { Authorization: `Bearer ${key.key}` } };
      expect((await regenerate(id, messages[1]!.id, { as: keyed })).status).toBe(403);
    });

    it('with members of a body that it does not have', async () => {
      const { id, messages } = await spoken('Hello');
      const { status, body } = await regenerate(id, messages[1]!.id, { body: { message: 'Other', stream: 'yes' } });
      expect([status, body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()]).toEqual([
        422,
        ['/message', '/stream'],
      ]);
    });
  });

  it('goes on in another process when its own dies, and leaves one answer', async () => {
    const { id, messages } = await spoken('[[tokens=20]][[slow=250]]');
    const second = await startApp({ SCRIPTED_TOKEN_MS: '0', RUN_SWEEP_MS: '100' }, chatter.database);
    try {
      const live = await stream(id, messages[1]!.id);
      const runId = live.headers['x-run-id'] as string;
      await live.event(({ type }) => type === 'token');
      await sql.query(`UPDATE run SET lease_until = now() - interval '1 s' WHERE id = $1`, [runId]);
      const run = await eventually(async () => {
        const { body } = await second.call('GET', `/runs/${runId}`, { as: anna });
        return body.status === 'succeeded' && body;
      });
      expect(run.attempt).toBe(2);
      await sleep(100);
      expect((await rows(id)).map(({ role, parent_id, run_id }) => [role, parent_id, run_id])).toEqual([
        ['user', null, messages[0]!.runId],
        ['assistant', messages[0]!.id, messages[1]!.runId],
        ['assistant', messages[0]!.id, runId],
      ]);
    } finally {
      await second.close();
    }
  });

  it('begins not on a message or conversation that is deleted at the same moment', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id, messages } = await spoken('Say exactly: one');
      const [again, purged] = await Promise.all([
        regenerate(id, messages[1]!.id),
        call('DELETE', `/conversations/${id}?purge=true`),
      ]);
      expect([purged.status, [200, 404].includes(again.status)]).toEqual([204, true]);
      expect((await sql.query('SELECT FROM run WHERE conversation_id = $1', [id])).rowCount).toBe(0);
      expect(await rows(id)).toEqual([]);
    }
  });
});
