import { setTimeout as sleep } from 'node:timers/promises';
import { CacheStatistics } from '../../src/platform/cache/cache-statistics.js';
import { Database } from '../../src/platform/database/database.js';
import { startApp, type Answer, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { countedModels } from '../support/model-count.js';
import { RedisServer, redisMissing } from '../support/redis-server.js';
import { graph } from '../support/run-room.js';
import { readingOf } from '../support/sse.js';

const SETTINGS = { SCRIPTED_TOKEN_MS: '0', MODEL_MAX_RETRIES: '0', MAX_RUNS_PER_USER: '1000' };

const exact = (id: string, prompt: string, more: object = {}) => ({
  id,
  type: 'model',
  config: { prompt, temperature: 0, output: id, ...more },
});

describe('the cache of deterministic runs', () => {
  let chatter: TestApp;
  let models: ReturnType<typeof countedModels>;
  let anna: SignedIn;
  let bert: SignedIn;
  let topic: string;
  let topics = 0;

  beforeAll(async () => {
    chatter = await startApp(SETTINGS);
    models = countedModels(chatter);
    anna = await chatter.register();
    bert = await chatter.register();
  });

  beforeEach(() => {
    topic = `topic${(topics += 1)}x`;
  });

  afterAll(() => chatter.close());

  const call = (method: string, path: string, body?: object, as = anna): Promise<Answer> =>
    chatter.call(method, path, { as, body });
  const turn = (message: string, more: object = {}, as = anna) =>
    call('POST', '/chat', { message, temperature: 0, ...more }, as);
  const run = (definition: object, more: object = {}, as = anna) => call('POST', '/runs', { definition, ...more }, as);
  const eventsOf = async (id: string): Promise<readonly ReturnType<typeof JSON.parse>[]> =>
    (await call('GET', `/runs/${id}/events?limit=100`)).body.items;
  const question = () => `Say exactly: ${topic} one two`;

  it('answers the same turn of another conversation without asking the model, and leaves nothing out of history', async () => {
    const first = await turn(question());
    const again = await turn(question());
    expect(models.of(topic)).toBe(1);
    expect(first.body.run).toMatchObject({ cached: false, usage: { totalTokens: expect.any(Number) } });
    expect(first.body.run.cacheAgeMs).toBeUndefined();
    expect(again.body.run).toMatchObject({ status: 'succeeded', cached: true, usage: null, cost: 0 });
    expect(again.body.run.cacheAgeMs).toBeGreaterThanOrEqual(0);
    expect(again.body.message.content).toBe(first.body.message.content);
    expect(again.body.message).toMatchObject({ role: 'assistant', model: 'scripted:default' });
    expect(again.body.conversation.id).not.toBe(first.body.conversation.id);
    const { items } = (await call('GET', `/conversations/${again.body.conversation.id}/messages`)).body;
    expect(items.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant']);
    const events = await eventsOf(again.body.run.id);
    const types = events.map(({ type, code }) => code ?? type);
    expect(types.filter((type) => type !== 'node_start' && type !== 'node_end')).toEqual([
      'start',
      'token',
      'cache-hit',
      'complete',
    ]);
    expect(events.at(-1)).toMatchObject({ cached: true, cacheAgeMs: again.body.run.cacheAgeMs });
    expect((await call('GET', `/runs/${again.body.run.id}`)).body).toMatchObject({ cached: true });
  });

  it('streams what it kept', async () => {
    await turn(question());
    const { frames, done } = readingOf((await turn(question(), { stream: true })).body);
    const said = frames.flatMap(({ event }) => (event.type === 'token' ? [event.content] : [])).join('');
    expect([done, said, models.of(topic)]).toEqual([true, `${topic} one two`, 1]);
    expect(frames.at(-1)?.event).toMatchObject({ type: 'complete', cached: true });
  });

  it('asks once when 20 ask the same at the same time', async () => {
    const message = `[[slow=20]][[tokens=12]] ${topic}`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => turn(message)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(models.of(topic)).toBe(1);
    expect(answers.filter(({ body }) => body.run.cached)).toHaveLength(19);
    expect(new Set(answers.map(({ body }) => body.message.content)).size).toBe(1);
  });

  it('lets the next one ask when the first has failed or was cancelled', async () => {
    const failing = await Promise.all(Array.from({ length: 4 }, () => turn(`[[slow=10]][[cut:after=3]] ${topic} a`)));
    expect(failing.map(({ status }) => status)).toEqual([502, 502, 502, 502]);
    expect(models.of(topic)).toBe(4);
    const definition = graph([exact('m', `[[slow=1000]][[tokens=5]] ${topic} b`)]);
    const { body } = await run(definition, { mode: 'background' });
    await eventually(() => models.of(`${topic} b`) === 1);
    const second = run(definition);
    await sleep(100);
    await call('POST', `/runs/${body.run.id}/cancel`);
    expect((await second).body.run).toMatchObject({ status: 'succeeded', cached: false });
    expect(models.of(`${topic} b`)).toBe(2);
    expect((await run(definition)).body.run.cached).toBe(true);
  });

  describe('is never asked', () => {
    const twice = async (ask: () => Promise<Answer>): Promise<boolean> => {
      await ask();
      const { body } = await ask();
      return body.run.cached as boolean;
    };

    it.each([0.1, 1, undefined])('at temperature %s', async (temperature) => {
      expect(await twice(() => call('POST', '/chat', { message: question(), temperature }))).toBe(false);
      expect(models.of(topic)).toBe(2);
    });

    it('where one of several models is not at temperature 0', async () => {
      const definition = graph([exact('a', `Say exactly: ${topic}`), exact('b', `${topic} b`, { temperature: 0.5 })]);
      expect(await twice(() => run(definition))).toBe(false);
      expect(models.of(topic)).toBe(4);
    });

    it('where the temperature is not known before the run', async () => {
      const definition = graph([exact('a', `Say exactly: ${topic}`, { temperature: '{{input.temperature}}' })]);
      expect(await twice(() => run(definition, { input: { temperature: 0 } }))).toBe(false);
    });

    it.each([
      ['a tool', { id: 'x', type: 'tool', config: { tool: 'calculator', arguments: { expression: '1+1' } } }],
      ['an agent', { id: 'x', type: 'agent', config: { prompt: 'Hi', tools: [], temperature: 0 } }],
      ['a timer', { id: 'x', type: 'delay', config: { ms: 0 } }],
    ])('by a run with %s, also inside of a body or child', async (_, effect) => {
      const model = exact('m', `Say exactly: ${topic}`);
      expect(await twice(() => run(graph([model, effect])))).toBe(false);
      const body = graph([effect]);
      const map = { id: 'each', type: 'map', config: { items: [1], body } };
      expect(await twice(() => run(graph([model, map])))).toBe(false);
      const child = {
        kind: 'composite',
        strategy: 'sequential',
        workflows: [{ id: 'c', definition: graph([model, effect]) }],
      };
      expect(await twice(() => run(child))).toBe(false);
      expect(models.of(topic)).toBe(6);
    });

    it('by the mode of tools', async () => {
      expect(await twice(() => turn(question(), { workflow: 'tools' }))).toBe(false);
    });

    it('by a run of another workspace', async () => {
      await turn(question());
      expect((await turn(question(), {}, bert)).body.run.cached).toBe(false);
      expect((await turn(question(), {}, bert)).body.run.cached).toBe(true);
      expect(models.of(topic)).toBe(2);
    });

    it('in a workspace that hides some of what is said', async () => {
      const carl = await chatter.register();
      const personal = `/workspaces/${carl.user.personalWorkspaceId}`;
      expect((await call('PATCH', personal, { redaction: 'mask' }, carl)).status).toBe(200);
      expect(await twice(() => turn(question(), {}, carl))).toBe(false);
    });

    it.each([
      ['message', (message: string) => turn(`${message} three`)],
      ['system message', (message: string) => turn(message, { systemMessage: 'Be brief.' })],
      ['maximal length', (message: string) => turn(message, { maxTokens: 50 })],
      ['definition', (message: string) => turn(message, { memoryWindow: 3 })],
    ])('with another %s', async (_, other) => {
      await turn(question());
      expect((await other(question())).body.run.cached).toBe(false);
    });

    it('when something else was said before', async () => {
      const first = await turn(`Say exactly: ${topic} first`);
      const { id: conversationId } = first.body.conversation;
      expect((await turn(question(), { conversationId })).body.run.cached).toBe(false);
      expect((await turn(question(), { conversationId })).body.run.cached).toBe(false);
      expect((await turn(question())).body.run.cached).toBe(false);
    });
  });

  it('answers runs of several models from the cache only as a whole', async () => {
    const definition = (last: string) => graph([exact('a', `Say exactly: ${topic}`), exact('b', last)]);
    await run(definition('Say exactly: {{input.x}}'), { input: { x: 'one' } });
    const half = await run(definition('Say exactly: {{input.x}}'), { input: { x: 'two' } });
    expect(half.body.run).toMatchObject({ cached: false });
    expect(half.body.run.usage.totalTokens).toBeGreaterThan(0);
    expect((await run(definition('Say exactly: {{input.x}}'), { input: { x: 'two' } })).body.run.cached).toBe(true);
    expect(models.of(topic)).toBe(1);
  });

  it('asks anew once a workflow was published, and after a rollback', async () => {
    const name = `flow-${topic}`;
    const definition = graph([exact('m', `Say exactly: ${topic}`)]);
    const { body } = await call('POST', '/workflows', { name, definition });
    const publish = () => call('POST', `/workflows/${body.id}/publish`, {});
    await publish();
    const ask = async () => (await call('POST', '/runs', { workflow: name, input: {} })).body.run.cached;
    expect([await ask(), await ask()]).toEqual([false, true]);
    await call('PUT', `/workflows/${body.id}/draft`, { definition });
    await publish();
    await eventually(async () => !(await ask()));
    expect([await ask(), models.of(topic)]).toEqual([true, 2]);
    await call('POST', `/workflows/${body.id}/rollback`, { version: 1 });
    await eventually(async () => !(await ask()));
    expect(models.of(topic)).toBe(3);
  });

  it('asks anew once a document has changed, where documents are read', async () => {
    const add = async (content: string): Promise<string> => {
      const { body } = await call('POST', '/documents', { title: topic, content });
      const path = `/documents/${body.id}`;
      await eventually(async () => (await call('GET', path)).body.status === 'ready');
      return path;
    };
    const path = await add(`${topic} is a kind of stone.`);
    // What the model is told stays the same: only this document is read.
    const documentIds = [path.split('/').at(-1)];
    const ask = async () => (await turn(`What is ${topic}?`, { workflow: 'rag', documentIds })).body.run.cached;
    const plain = async () => (await turn(`What is ${topic}, then?`)).body.run.cached;
    expect([await ask(), await ask(), await plain(), await plain()]).toEqual([false, true, false, true]);
    const other = await add('Something that has nothing to do with it at all.');
    expect([await ask(), await ask(), await plain()]).toEqual([false, true, true]);
    await call('DELETE', other);
    expect(await ask()).toBe(false);
    await call('DELETE', path);
    expect(await ask()).toBe(false);
  });

  describe('is cleared', () => {
    it('by an admin, for the own workspace alone, by tag or as a whole', async () => {
      const ask = async (as: SignedIn) => (await turn(question(), {}, as)).body.run.cached;
      const clear = (tag?: string) =>
        call('DELETE', `/cache${tag === undefined ? '' : `?tag=${encodeURIComponent(tag)}`}`);
      for (const as of [anna, bert]) expect([await ask(as), await ask(as)]).toEqual([false, true]);
      for (const tag of ['workflow:rag', 'documents', 'document:1', 'model:openai:other', 'prompt:abc']) {
        expect((await clear(tag)).status).toBe(204);
        expect([tag, await ask(anna)]).toEqual([tag, true]);
      }
      const { hash } = (await turn(question())).body.run.workflow;
      for (const tag of ['workflow:plain', 'model:scripted:default', `prompt:${hash}`, undefined]) {
        expect((await clear(tag)).status).toBe(204);
        expect([tag, await ask(anna), await ask(anna)]).toEqual([tag, false, true]);
      }
      expect(await ask(bert)).toBe(true);
      await clear();
      expect((await call('GET', '/cache/stats')).body.size).toBe(0);
    });

    it('by nobody else, and by no tag that means nothing', async () => {
      for (const tag of ['', 'colour:red', 'workflow:', 'documents2']) {
        const { status, body } = await call('DELETE', `/cache?tag=${tag}`);
        expect([tag, status, body.errors?.[0]?.pointer]).toEqual([tag, 422, '/tag']);
      }
      const { body: shared } = await call('POST', '/workspaces', { name: 'Shared' });
      const member = { email: bert.user.email, role: 'editor' };
      await call('POST', `/workspaces/${shared.id}/members`, member);
      const headers = { 'X-Workspace-Id': shared.id };
      expect((await chatter.call('DELETE', '/cache', { as: bert, headers })).status).toBe(403);
      expect((await chatter.call('GET', '/cache/stats', { as: bert, headers })).status).toBe(200);
    });
  });

  it('counts for each workspace, and with all other caches for the process', async () => {
    const dora = await chatter.register();
    const statistics = chatter.app.get(CacheStatistics, { strict: false });
    const stats = async () => (await call('GET', '/cache/stats', undefined, dora)).body;
    expect(await stats()).toEqual({ size: 0, hits: 0, misses: 0, hitRate: null, evictions: 0 });
    const before = statistics.snapshot();
    await turn(question(), {}, dora);
    await turn(question(), {}, dora);
    await turn(question(), {}, dora);
    expect(await stats()).toEqual({ size: 1, hits: 2, misses: 1, hitRate: 0.6667, evictions: 0 });
    const after = statistics.snapshot();
    expect(after.hits).toBeGreaterThanOrEqual(before.hits + 2);
    expect(after.size).toBeGreaterThan(0);
    expect(after.hitRate).toBeCloseTo(after.hits / (after.hits + after.misses), 3);
  });

  it('is in the figures of its workspace alone, for good', async () => {
    const [erik, fred] = [await chatter.register(), await chatter.register()];
    const cacheOf = async (as: SignedIn, app = chatter) =>
      (await app.call('GET', '/performance/stats', { as })).body.cache;
    for (const text of ['one', 'one', 'two', 'one']) await turn(`${question()} ${text}`, {}, erik);
    const known = { hits: 2, misses: 2, hitRate: 0.5, evictions: 0 };
    expect(await cacheOf(erik)).toEqual({ size: 2, ...known });
    expect(await cacheOf(fred)).toEqual({ size: 0, hits: 0, misses: 0, hitRate: null, evictions: 0 });

    const database = chatter.app.get(Database, { strict: false });
    await eventually(async () => (await database.query('SELECT FROM figure')).length === 0);
    const restarted = await startApp(SETTINGS, chatter.database);
    expect(await cacheOf(erik, restarted)).toEqual({ size: 0, ...known });
    await restarted.close();
  });

  it('answers what is the same for everybody from its memory, after the guards', async () => {
    const first = await chatter.call('GET', '/node-types', { as: anna });
    const second = await chatter.call('GET', '/node-types', { as: bert });
    expect(second.headers.get('x-cache')).toBe('HIT');
    expect(second.body).toEqual(first.body);
    expect((await chatter.call('GET', '/node-types')).status).toBe(401);
  });
});

describe('a cache', () => {
  it('whose time is short is asked anew after it, and one without time never', async () => {
    const chatter = await startApp({ ...SETTINGS, CACHE_TTL_MS: '6000' });
    const never = await startApp({ ...SETTINGS, CACHE_TTL_MS: '0' }, chatter.database);
    const anna = await chatter.register();
    const ask = async (app: TestApp) =>
      (await app.call('POST', '/chat', { as: anna, body: { message: 'Say exactly: a', temperature: 0 } })).body.run
        .cached;
    expect([await ask(chatter), await ask(chatter)]).toEqual([false, true]);
    await sleep(6_100);
    expect(await ask(chatter)).toBe(false);
    expect([await ask(never), await ask(never)]).toEqual([false, false]);
    await never.close();
    await chatter.close();
  });
});

const inRedis = redisMissing === undefined ? describe : describe.skip;
inRedis(`a cache in Redis${redisMissing === undefined ? '' : ` (${redisMissing})`}`, () => {
  let redis: RedisServer;
  let one: TestApp;
  let two: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    redis = await RedisServer.start();
    one = await startApp({ ...SETTINGS, REDIS_URL: redis.url });
    two = await startApp({ ...SETTINGS, REDIS_URL: redis.url }, one.database);
    anna = await one.register();
  });

  afterAll(async () => {
    await two?.close();
    await one?.close();
    await redis?.stop();
  });

  const ask = async (app: TestApp, message: string) =>
    (await app.call('POST', '/chat', { as: anna, body: { message, temperature: 0 } })).body.run.cached;

  /** What one process has asked and the other then had from Redis, which is given up after a moment when it is slow. */
  const shared = () => {
    let tries = 0;
    return eventually(async () => {
      const message = `Say exactly: shared ${++tries}`;
      return !(await ask(one, message)) && (await ask(two, message)) && message;
    });
  };

  it('is shared by the processes, cleared for all of them, and holds nothing that can be read', async () => {
    const message = await shared();
    const values = await redis.ask(async (client) => {
      const keys = (await client.keys('*')).filter((key) => key.includes(':cache'));
      return Promise.all(keys.map((key) => client.get(key)));
    });
    expect(values.length).toBeGreaterThan(0);
    expect(JSON.stringify(values)).not.toContain('shared');
    const { body: known } = await two.call('GET', '/cache/stats', { as: anna });
    expect([known.size, known.hits > 0]).toEqual([null, true]);
    await eventually(async () => (await two.call('DELETE', '/cache', { as: anna })).status === 204);
    expect(await ask(one, message)).toBe(false);
    await shared();
  });

  it('that is away costs no turn, and is used again when it is back', async () => {
    await redis.kill();
    expect((await one.call('DELETE', '/cache', { as: anna })).status).toBe(503);
    expect([await ask(one, 'Say exactly: away'), await ask(one, 'Say exactly: away')]).toEqual([false, false]);
    await redis.restart();
    await eventually(async () => (await ask(one, 'Say exactly: back')) && ask(two, 'Say exactly: back'), {
      withinMs: 20_000,
    });
    const isWell = async ({ url }: TestApp) => (await fetch(`${url}/healthz`)).ok;
    await eventually(async () => (await isWell(one)) && isWell(two), { withinMs: 20_000 });
  });
});
