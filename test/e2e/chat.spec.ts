import { Client } from 'pg';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { openStream, textOf, type LiveStream } from '../support/sse.js';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('a chat turn', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let sql: Client;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', MODEL_MAX_RETRIES: '0' });
    anna = await chatter.register();
    sql = new Client(chatter.database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });

  const chat = (body: object, as = anna) => chatter.call('POST', '/chat', { as, body });
  const stream = (body: object, headers: Record<string, string> = {}): Promise<LiveStream> =>
    openStream(`${chatter.url}/api/v1/chat`, { method: 'POST', headers: { ...anna.headers, ...headers }, body });
  const messages = async (conversationId: string): Promise<{ role: string; content: string; sequence: number }[]> =>
    (await chatter.call('GET', `/conversations/${conversationId}/messages?limit=100`, { as: anna })).body.items;
  const contents = async (conversationId: string): Promise<string[]> =>
    (await messages(conversationId)).map(({ role, content }) => `${role}: ${content}`);

  describe('as JSON', () => {
    it('answers the conversation, the assistant message and the run, and has stored all three', async () => {
      const { status, headers, body } = await chat({ message: 'Say exactly: Good day to you.', metadata: { n: 1 } });
      expect(status).toBe(200);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      expect(Object.keys(body).sort()).toEqual(['conversation', 'message', 'run']);
      const { conversation, message, run } = body;
      expect(conversation).toMatchObject({
        id: expect.stringMatching(ID),
        title: 'Say exactly: Good day to you.',
        status: 'active',
        messageCount: 2,
        lastMessageAt: expect.stringMatching(TIME),
      });
      expect(message).toMatchObject({
        id: expect.stringMatching(ID),
        conversationId: conversation.id,
        parentId: expect.stringMatching(ID),
        role: 'assistant',
        content: 'Good day to you.',
        sequence: 2,
        runId: run.id,
        model: 'scripted:default',
        usage: run.usage,
        cost: run.cost,
        finishReason: 'stop',
      });
      expect(run).toMatchObject({
        metadata: { n: 1 },
        id: expect.stringMatching(ID),
        kind: 'chat',
        status: 'succeeded',
        workflow: { name: 'plain', hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
        conversationId: conversation.id,
        input: { message: 'Say exactly: Good day to you.', model: 'scripted:default' },
        output: { text: 'Good day to you.' },
        attempt: 1,
        cached: false,
        startedAt: expect.stringMatching(TIME),
        endedAt: expect.stringMatching(TIME),
      });
      expect(run.problem).toBeUndefined();
      expect(run.usage.totalTokens).toBe(run.usage.inputTokens + run.usage.outputTokens);
      expect(run.usage.outputTokens).toBeGreaterThan(0);
      expect(run.durationMs).toBe(message.durationMs);

      const [user, assistant] = await messages(conversation.id);
      expect(user).toMatchObject({ id: message.parentId, role: 'user', sequence: 1, runId: run.id });
      expect(assistant).toEqual(message);
      const read = await chatter.call('GET', `/runs/${run.id}`, { as: anna });
      expect(read.body).toEqual(run);
      expect((await chatter.call('GET', `/conversations/${conversation.id}`, { as: anna })).body).toEqual(conversation);
    });

    it('goes on with a conversation, whose messages are numbered in their order', async () => {
      const first = await chat({ message: 'Say exactly: one' });
      const conversationId = first.body.conversation.id as string;
      await chat({ conversationId, message: 'Say exactly: two' });
      await chat({ conversationId, message: 'Say exactly: three' });
      const all = await messages(conversationId);
      expect(all.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(all.map(({ content }) => content)).toEqual([
        'Say exactly: one',
        'one',
        'Say exactly: two',
        'two',
        'Say exactly: three',
        'three',
      ]);
    });

    it('keeps text as it is: markup, SQL, template marks and every plane of Unicode', async () => {
      for (const text of [
        `'; DROP TABLE message; --`,
        '{{input.message}} {{variables.text}} ${process.env.HOME}',
        '<script>alert(1)</script>\r\n\ttab\u0007\u001b[31m',
        'ünï 漢字 👩‍👩‍👧 🇩🇪 \u202e e\u0301 \uffff',
        'data: [DONE]\n\nid: 99\ndata: {}\n\n: ping',
      ]) {
        const { body } = await chat({ message: `Say exactly: ${text}` });
        expect(body.message.content).toBe(text.trim());
        const { frames, done } = await (await stream({ message: `Say exactly: ${text}` })).whole();
        expect(done).toBe(true);
        expect(textOf(frames.map(({ event }) => event))).toBe(text.trim());
      }
    });

    it('takes 10,000 characters', async () => {
      const message = 'é'.repeat(10_000);
      const { status, body } = await chat({ message });
      expect(status).toBe(200);
      expect((await messages(body.conversation.id))[0]).toMatchObject({ role: 'user', content: message });
    });

    it('stops where maxTokens is reached and says so', async () => {
      const { body } = await chat({ message: '[[tokens=50]]', maxTokens: 7 });
      expect(body.message).toMatchObject({ finishReason: 'length', usage: { outputTokens: 7 } });
    });
  });

  describe('as a stream', () => {
    it('has the headers of the contract', async () => {
      const live = await stream({ message: 'Hello' });
      const runId = live.headers['x-run-id'] as string;
      expect(live.status).toBe(200);
      expect(live.headers).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        'x-run-id': expect.stringMatching(ID),
        'content-location': `/api/v1/runs/${runId}`,
        'x-request-id': expect.any(String),
      });
      expect(live.headers['content-encoding']).toBeUndefined();
      await live.ended;
    });

    it('is not held back by compression', async () => {
      const live = await stream({ message: '[[tokens=5]][[slow=20]]' }, { 'Accept-Encoding': 'gzip, br' });
      await live.event(({ type }) => type === 'token');
      expect(live.headers['content-encoding']).toBeUndefined();
      expect((await live.whole()).done).toBe(true);
    });

    it('numbers its events from 1 without gaps, begins once, and its tokens are the stored message', async () => {
      const live = await stream({ message: '[[tokens=200]][[slow=2]]' });
      const { frames, done, rest } = await live.whole();
      expect(await live.ended).toBe('end');
      expect([done, rest]).toEqual([true, '']);
      expect(frames.map(({ id }) => id)).toEqual(frames.map((_, index) => index + 1));
      const events = frames.map(({ event }) => event);
      expect(events.map(({ seq }) => seq)).toEqual(frames.map(({ id }) => id));
      for (const event of events) {
        expect(event).toMatchObject({ runId: live.headers['x-run-id'], at: expect.stringMatching(TIME) });
      }
      const types = events.map(({ type }) => type);
      expect([types[0], types.at(-1)]).toEqual(['start', 'complete']);
      for (const once of ['start', 'complete', 'usage']) expect(types.filter((type) => type === once)).toHaveLength(1);
      expect(types).not.toContain('error');

      const [start, complete] = [events[0]!, events.at(-1)!];
      expect(start).toMatchObject({ attempt: 1, workflow: { name: 'plain' } });
      const [user, assistant] = await messages(start.conversationId);
      expect(user).toMatchObject({ id: start.userMessageId, role: 'user', content: '[[tokens=200]][[slow=2]]' });
      expect(complete.message).toEqual(assistant);
      expect(textOf(events)).toBe(assistant!.content);
      expect(assistant!.content.split(' ')).toHaveLength(200);
      expect(complete).toMatchObject({
        output: { text: assistant!.content },
        usage: complete.message.usage,
        finishReason: 'stop',
      });
    });

    it('shows tokens while the model still speaks', async () => {
      const live = await stream({ message: '[[stall:after=3]] Say exactly: a b c d' });
      await live.event(({ type }) => type === 'token');
      const run = await chatter.call('GET', `/runs/${live.headers['x-run-id']}`, { as: anna });
      expect(run.body.status).toBe('running');
      await chatter.call('POST', `/runs/${live.headers['x-run-id']}/cancel`, { as: anna });
    });

    it('is byte for byte the log, live and replayed', async () => {
      const live = await stream({ message: '[[think]] Say exactly: héllo 👋 [[slow=5]]' });
      const { log } = await live.whole();
      const replay = await openStream(`${chatter.url}/api/v1/runs/${live.headers['x-run-id']}/events`, {
        headers: anna.headers,
      });
      expect((await replay.whole()).log).toBe(log);
      const { rows } = await sql.query<{ seq: number; data: string }>(
        'SELECT seq, data FROM run_event WHERE run_id = $1 ORDER BY seq',
        [live.headers['x-run-id']],
      );
      expect(rows.map(({ seq, data }) => `id: ${seq}\ndata: ${data}\n\n`).join('')).toBe(log);
      expect(rows.some(({ data }) => (JSON.parse(data) as { type: string }).type === 'thinking')).toBe(true);
    });

    it.each([
      ['stream: true', { stream: true }, '*/*'],
      ['Accept: text/event-stream', {}, 'text/event-stream'],
      ['both', { stream: true }, 'text/event-stream'],
      ['an Accept that prefers it', { stream: false }, 'application/json;q=0.5, text/event-stream'],
    ])('is asked for by %s', async (_, body, accept) => {
      const live = await stream({ message: 'Hello', ...body }, { Accept: accept });
      expect(live.headers['content-type']).toBe('text/event-stream; charset=utf-8');
      expect((await live.whole()).done).toBe(true);
    });

    it.each(['*/*', 'application/json', 'application/json, text/event-stream;q=0.5', 'text/html'])(
      'is not sent to who accepts %s',
      async (accept) => {
        const live = await stream({ message: 'Hello' }, { Accept: accept });
        await live.ended;
        expect(live.headers['content-type']).toMatch(/^application\/json/);
        expect(live.headers.vary).toMatch(/Accept(?!-)/);
        expect(JSON.parse(live.text)).toMatchObject({ run: { status: 'succeeded' } });
      },
    );

    it('answers a refusal before the first event as an ordinary problem', async () => {
      const live = await stream({ message: '' });
      await live.ended;
      expect([live.status, live.headers['content-type']]).toEqual([422, 'application/problem+json; charset=utf-8']);
    });
  });

  describe('with what the model is told', () => {
    it('gives it the last memoryWindow messages and no more', async () => {
      const { body } = await chat({ message: 'Say exactly: 0' });
      const conversationId = body.conversation.id as string;
      for (let turn = 1; turn < 4; turn++) await chat({ conversationId, message: `Say exactly: ${turn}` });
      const seen = async (memoryWindow?: number): Promise<string> =>
        (await chat({ conversationId, message: 'How much do you see?', memoryWindow })).body.message.content;
      expect(await seen(1)).toMatch(/I see 1 earlier message\./);
      expect(await seen(3)).toMatch(/I see 3 earlier messages\./);
      expect(await seen()).toMatch(/I see 12 earlier messages\./);
      expect(await seen(100)).toMatch(/I see 14 earlier messages\./);
    });

    it('gives it at most 20 by default', async () => {
      const { body } = await chat({ message: 'Hello' });
      const conversationId = body.conversation.id as string;
      for (let said = 0; said < 25; said++) {
        await chatter.call('POST', `/conversations/${conversationId}/messages`, { as: anna, body: { content: 'x' } });
      }
      expect((await chat({ conversationId, message: 'Now?' })).body.message.content).toMatch(/I see 20 earlier/);
    });

    it('gives it the branch it answers and not its siblings', async () => {
      const { body } = await chat({ message: 'My name is Ada.' });
      const conversationId = body.conversation.id as string;
      await chat({ conversationId, message: 'Hello' });
      expect((await chat({ conversationId, message: 'What is my name?' })).body.message.content).toBe(
        'Your name is Ada.',
      );
      const other = await chat({ message: 'What is my name?' });
      expect(other.body.message.content).toBe('You have not told me your name in this conversation.');
    });

    it('tells it the system message of the request, else of the conversation', async () => {
      const created = await chatter.call('POST', '/conversations', {
        as: anna,
        body: { systemMessage: "The user's name is Grace." },
      });
      const conversationId = created.body.id as string;
      const asked = { conversationId, message: 'What is my name?' };
      expect((await chat(asked)).body.message.content).toBe('Your name is Grace.');
      const own = { ...asked, systemMessage: "The user's name is Joan." };
      expect((await chat(own)).body.message.content).toBe('Your name is Joan.');
      expect(
        (await chat({ message: 'What is my name?', systemMessage: "The user's name is Edith." })).body,
      ).toMatchObject({
        message: { content: 'Your name is Edith.' },
        conversation: { systemMessage: "The user's name is Edith." },
      });
    });

    it.each(['{{input.message}}', 'Name is {{input.message}}', '{{user.id}}', '{{nodes.memory.output}}'])(
      'leaves a system message that looks like a reference as it is: %s',
      async (systemMessage) => {
        const { status, body } = await chat({ message: 'summarise', systemMessage });
        expect(status).toBe(200);
        expect(body.run.input.systemMessage).toBe(systemMessage);
        const { rows } = await sql.query<{ body: unknown }>('SELECT body FROM definition WHERE hash = $1', [
          body.run.workflow.hash,
        ]);
        expect(JSON.stringify(rows[0]?.body)).not.toContain(systemMessage);
      },
    );

    it('hears a system message that is one reference literally', async () => {
      const said = await chat({ message: 'What is my name?', systemMessage: 'My name is {{input.message}}' });
      expect(said.body.message.content).toBe('You have not told me your name in this conversation.');
      const prose = { message: 'Who likes brackets?', systemMessage: 'Somebody who likes {{input.message}} brackets.' };
      const told = await chat({ ...prose, message: 'What do we know of brackets, my friend?' });
      expect(told.body.message.content).toContain('{{input.message}}');
    });
  });

  describe('that cannot begin', () => {
    const refusals: readonly [string, object, number, string][] = [
      ['an unknown workflow', { workflow: 'nope' }, 404, 'workflow-unknown'],
      ['a workflow named like an object member', { workflow: '__proto__' }, 404, 'workflow-unknown'],
      ['an unknown conversation', { conversationId: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' }, 404, 'not-found'],
      ['an unknown model', { model: 'scripted:nope' }, 422, 'model-unknown'],
      ['an unknown provider', { model: 'nobody:nothing' }, 422, 'model-unknown'],
      ['a provider without a key', { model: 'anthropic:claude-sonnet-4-5' }, 422, 'model-not-configured'],
      ['an unknown model as a parameter', { parameters: { model: 'scripted:nope' } }, 422, 'model-unknown'],
      ['a parameter of the wrong type', { parameters: { temperature: 'hot' } }, 422, 'validation-failed'],
      ['an unknown parameter', { parameters: { colour: 'red' } }, 422, 'validation-failed'],
    ];

    it.each(refusals)('with %s', async (_, parts, status, slug) => {
      const count = async (): Promise<unknown> =>
        (
          await sql.query(
            'SELECT (SELECT count(*) FROM run) r, (SELECT count(*) FROM message) m, (SELECT count(*) FROM conversation) c',
          )
        ).rows[0];
      const before = await count();
      const json = await chat({ message: 'Hello', ...parts });
      expect([json.status, json.body.type]).toEqual([status, `/problems/${slug}`]);
      const live = await stream({ message: 'Hello', ...parts });
      await live.ended;
      expect([live.status, (JSON.parse(live.text) as { type: string }).type]).toEqual([status, `/problems/${slug}`]);
      expect(await count()).toEqual(before);
    });

    it('in the conversation of another user, which is not there for this one', async () => {
      const ben = await chatter.register();
      const mine = (await chat({ message: 'Hello' })).body.conversation.id as string;
      const foreign = await chat({ message: 'Hello', conversationId: mine }, ben);
      expect([foreign.status, foreign.body.type]).toEqual([404, '/problems/not-found']);
      expect(await messages(mine)).toHaveLength(2);
    });
  });

  describe('whose model fails', () => {
    const failures: readonly [string, number, string][] = [
      ['[[fail]]', 503, 'model-unavailable'],
      ['[[fail:after=5]]', 503, 'model-unavailable'],
      ['[[fail=authentication]]', 502, 'model-authentication-failed'],
      ['[[fail=rejected]]', 422, 'model-rejected'],
      ['[[fail=timeout:after=3]]', 504, 'model-timeout'],
      ['[[rate-limit=30]]', 429, 'model-rate-limited'],
      ['[[cut:after=5]]', 502, 'model-stream-broken'],
    ];

    it.each(failures)(
      '%s answers its problem with status %d and the run, and stores no answer',
      async (directive, status, slug) => {
        const message = `${directive} Say exactly: one two three four five six seven`;
        const { status: answered, headers, body } = await chat({ message });
        expect([answered, body.type, body.status]).toEqual([status, `/problems/${slug}`, status]);
        expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
        expect(body).toMatchObject({ runId: expect.stringMatching(ID), instance: `/api/v1/runs/${body.runId}` });

        const run = (await chatter.call('GET', `/runs/${body.runId}`, { as: anna })).body;
        expect(run).toMatchObject({ status: 'failed', problem: { type: body.type, status } });
        if (directive.includes('after=5')) expect(run.output.text).toMatch(/^one two three/);
        expect(await contents(run.conversationId)).toEqual([`user: ${message}`]);

        const { frames, done } = await (await stream({ message, conversationId: run.conversationId })).whole();
        const last = frames.at(-1)!.event;
        expect([done, last.type, last.problem.type, last.problem.status]).toEqual([true, 'error', body.type, status]);
        expect(last.problem.runId).toBe(last.runId);
        expect(await contents(run.conversationId)).toEqual([`user: ${message}`, `user: ${message}`]);

        const next = await chat({ message: 'Say exactly: fine', conversationId: run.conversationId });
        expect([next.status, next.body.message.content]).toEqual([200, 'fine']);
      },
    );

    it('tells when to come back, as every 429 does', async () => {
      const { headers, body } = await chat({ message: '[[rate-limit=30]]' });
      expect(headers.get('retry-after')).toBe('30');
      expect(body.status).toBe(429);
    });
  });

  it('has exactly one winner among parallel turns on one conversation', async () => {
    const conversationId = (await chat({ message: 'Hello' })).body.conversation.id as string;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => chat({ conversationId, message: `[[tokens=20]][[slow=400]] ${n}` })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array<number>(19).fill(409)]);
    const winner = answers.find(({ status }) => status === 200)!.body.run.id as string;
    for (const { status, headers, body } of answers) {
      if (status === 200) continue;
      expect(body).toMatchObject({ type: '/problems/conversation-busy', runId: winner, conversationId });
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect((await messages(conversationId)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  });
});
