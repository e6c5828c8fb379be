import { startApp, type Answer, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { openStream } from '../support/sse.js';

const STALL = '[[stall:after=3]] Say exactly: one two three four five';

describe('the limits of a run', () => {
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    chatter = await startApp({
      SCRIPTED_TOKEN_MS: '1',
      MODEL_MAX_RETRIES: '0',
      RUN_TIMEOUT_MS: '9000',
      NODE_TIMEOUT_MS: '6000',
      MAX_TOKENS_PER_RUN: '500',
      MAX_TOOL_CALLS: '5',
      SHUTDOWN_TIMEOUT_MS: '100',
    });
    anna = await chatter.register();
  });

  afterAll(() => chatter.close());

  const chat = (body: object, as = anna): Promise<Answer> => chatter.call('POST', '/chat', { as, body });
  const read = async (path: string, as = anna) => (await chatter.call('GET', path, { as })).body;

  const timeLimits: readonly [string, object, string, number, RegExp][] = [
    ['the run', { limits: { runTimeoutMs: 3_000 } }, 'runTimeoutMs', 3_000, /RUN_TIMEOUT_MS/],
    ['a node', { limits: { nodeTimeoutMs: 3_000 } }, 'nodeTimeoutMs', 3_000, /NODE_TIMEOUT_MS/],
    ['a node, as configured', {}, 'nodeTimeoutMs', 6_000, /NODE_TIMEOUT_MS/],
    ['the run before a node', { limits: { runTimeoutMs: 3_000, nodeTimeoutMs: 6_000 } }, 'runTimeoutMs', 3_000, /./],
  ];

  it.each(timeLimits)(
    '%s that takes too long answers 504, and keeps what it had',
    async (_, parts, limit, value, hint) => {
      const { status, body } = await chat({ message: STALL, ...parts });
      expect(status).toBe(504);
      expect(body).toMatchObject({
        type: '/problems/time-limit-reached',
        limit,
        value,
        runId: expect.any(String),
        instance: `/api/v1/runs/${body.runId}`,
        detail: expect.stringMatching(hint),
      });
      const run = await read(`/runs/${body.runId}`);
      expect(run).toMatchObject({
        status: 'timedOut',
        output: { text: 'one two three' },
        problem: { status: 504, limit },
      });
      expect(run.endedAt).toBeDefined();
      const { items } = await read(`/conversations/${run.conversationId}/messages`);
      expect(items.map(({ role }: { role: string }) => role)).toEqual(['user']);
      expect(
        (await chat({ conversationId: run.conversationId, message: 'Say exactly: on' })).body.message.content,
      ).toBe('on');
    },
  );

  it('of tokens ends it where it is reached, and keeps what it had', async () => {
    const { status, body } = await chat({ message: '[[tokens=400]][[slow=30]]', limits: { maxTokens: 100 } });
    expect(body).toMatchObject({ type: '/problems/limit-exceeded', limit: 'maxTokens', value: 100, status });
    expect(body.detail).toMatch(/MAX_TOKENS_PER_RUN/);
    const run = await read(`/runs/${body.runId}`);
    expect(run.status).toBe('failed');
    const words = run.output.text.split(' ').length as number;
    expect(words).toBeGreaterThan(50);
    expect(words).toBeLessThan(200);
    const { items } = await read(`/conversations/${run.conversationId}/messages`);
    expect(items.map(({ role }: { role: string }) => role)).toEqual(['user']);
  });

  it('are told on the stream by an error event, after the node that ended', async () => {
    const live = await openStream(`${chatter.url}/api/v1/chat`, {
      method: 'POST',
      headers: anna.headers,
      body: { message: STALL, limits: { runTimeoutMs: 3_000 } },
    });
    const { frames, done } = await live.whole();
    const [ended, error] = frames.slice(-2).map(({ event }) => event);
    expect([live.status, done]).toEqual([200, true]);
    expect(ended).toMatchObject({ type: 'node_end', nodeId: 'model', status: 'failed' });
    expect(error).toMatchObject({ type: 'error', problem: { type: '/problems/time-limit-reached', status: 504 } });
  });

  it.each([
    ['runTimeoutMs', 9_001],
    ['nodeTimeoutMs', 6_001],
    ['maxTokens', 501],
    ['maxToolCalls', 6],
  ])('may not be raised above the configured one: %s', async (name, value) => {
    const { status, body } = await chat({ message: 'Hello', limits: { [name]: value } });
    expect([status, body.type]).toEqual([422, '/problems/validation-failed']);
    expect(body.errors).toEqual([{ pointer: `/limits/${name}`, detail: expect.stringContaining(String(value - 1)) }]);
    expect((await chat({ message: 'Hello', limits: { [name]: value - 1 } })).status).toBe(200);
  });

  it('above the configured ones are all named at once', async () => {
    const limits = { runTimeoutMs: 10_000, nodeTimeoutMs: 10_000, maxTokens: 600, maxToolCalls: 10 };
    const { body } = await chat({ message: 'Hello', limits });
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(
      Object.keys(limits)
        .map((name) => `/limits/${name}`)
        .sort(),
    );
  });

  describe('executing at once', () => {
    it('are ten a user: the eleventh is refused with Retry-After, and a place is free again after an end', async () => {
      const user = await chatter.register();
      const slow = Array.from({ length: 11 }, (_, n) => chat({ message: `[[stall]] ${n}` }, user));
      const refused = await Promise.any(
        slow.map(async (one) => {
          const answer = await one;
          if (answer.status !== 429) throw new Error('not refused');
          return answer;
        }),
      );
      expect(refused.body.type).toBe('/problems/too-many-runs');
      expect(refused.body.detail).toMatch(/10 .*MAX_RUNS_PER_USER/);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      const running = await eventually(async () => {
        const { items } = await read('/runs?status=running', user);
        return items.length === 10 && (items as { id: string }[]);
      });
      expect((await chat({ message: 'Hello' })).status).toBe(200);

      await chatter.call('POST', `/runs/${running[0]!.id}/cancel`, { as: user });
      expect((await chat({ message: 'Hello' }, user)).status).toBe(200);
      const ends = (await Promise.all(slow)).map(({ status }) => status).sort();
      expect(ends).toEqual([409, 429, ...Array<number>(9).fill(504)].sort());
      expect((await chat({ message: 'Hello' }, user)).status).toBe(200);
    });

    it('are one for a conversation, however many of its turns come at once', async () => {
      const user = await chatter.register();
      const conversations = await Promise.all(
        Array.from({ length: 4 }, async () => (await chatter.call('POST', '/conversations', { as: user })).body.id),
      );
      const turns = conversations.flatMap((conversationId) =>
        Array.from({ length: 5 }, () => chat({ message: 'Hello', conversationId, onBusy: 'enqueue' }, user)),
      );
      expect((await Promise.all(turns)).map(({ status }) => status)).toEqual(turns.map(() => 200));
    });

    it('are counted exactly when many begin in parallel', async () => {
      const user = await chatter.register();
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, n) => chat({ message: `[[stall]] ${n}` }, user)),
      );
      const statuses = answers.map(({ status }) => status);
      expect((await read('/runs?limit=100', user)).items).toHaveLength(10);
      expect([504, 429].map((status) => statuses.filter((one) => one === status).length)).toEqual([10, 30]);
      expect((await read('/conversations?limit=100', user)).items).toHaveLength(10);
    });
  });
});
