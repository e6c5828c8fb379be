import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { single } from '../support/validation.js';
import { upstreamServer, type UpstreamRequest, type UpstreamServer } from '../support/upstream-server.js';
import { ANTHROPIC, OPENAI, OPENAI_COMPATIBLE } from '../contract/wires.js';

const SERVER_KEY = 'sk-of-the-server-0123456789';

describe("a workspace's own keys for model providers", () => {
  let chatter: TestApp;
  let second: TestApp;
  let upstream: UpstreamServer;
  let ada: SignedIn;
  let bob: SignedIn;
  let names = 0;

  beforeAll(async () => {
    upstream = await upstreamServer();
    upstream.answer((response, { path }) => {
      const wire = path.endsWith('/messages') ? ANTHROPIC : OPENAI;
      response.writeHead(200, { 'Content-Type': wire.contentType }).end(wire.answer(['Hello']).join(''));
    });
    const environment = {
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      ANTHROPIC_BASE_URL: upstream.url,
      ANTHROPIC_API_KEY: SERVER_KEY,
      OPENAI_COMPATIBLE_BASE_URL: `${upstream.url}/v1`,
      OPENAI_COMPATIBLE_MODELS: 'local/model',
      OPENAI_COMPATIBLE_API_KEY: SERVER_KEY,
      OPENAI_COMPATIBLE_HEADERS: 'X-Team: blue',
      DEFAULT_MODEL: 'scripted:default',
      SCRIPTED_TOKEN_MS: '0',
    };
    chatter = await startApp(environment);
    second = await startApp({ ...environment, OPENAI_BASE_URL: 'http://127.0.0.2:9/v1' }, chatter.database);
  });
  beforeEach(async () => {
    [ada, bob] = [await chatter.register(), await chatter.register()];
    upstream.requests.length = 0;
  });
  afterAll(async () => {
    await second.close();
    await chatter.close();
    await upstream.stop();
  });

  const give = async (provider: string, value: string, as = ada): Promise<string> => {
    const body = { name: `key ${++names}`, provider, value };
    const answer = await chatter.call('POST', '/secrets', { as, body });
    expect(answer).toMatchObject({ status: 201, body: { provider, hosts: [new URL(upstream.url).host] } });
    return answer.body.id as string;
  };
  const chat = (as: SignedIn, model: string, app = chatter) =>
    app.call('POST', '/chat', { as, body: { message: 'Hi', model } });
  /** The key that the last call went out with. */
  const sentKey = (): UpstreamRequest['headers'][string] => {
    const { authorization, 'x-api-key': key } = upstream.requests.at(-1)!.headers;
    return key ?? authorization?.replace('Bearer ', '');
  };
  const openAI = `openai:${OPENAI.model}`;
  const providersOf = async (as: SignedIn) =>
    new Map(
      (await chatter.call('GET', '/providers', { as })).body.items.map(
        ({ name, configured, ownKey }: { name: string; configured: boolean; ownKey: boolean }) => [
          name,
          { configured, ownKey },
        ],
      ),
    );
  const modelsOf = async (as: SignedIn): Promise<readonly string[]> =>
    (await chatter.call('GET', '/models', { as })).body.items.map(({ id }: { id: string }) => id);

  it('make a provider without a key of the server usable, for that workspace alone', async () => {
    expect(await chat(ada, openAI)).toMatchObject({ status: 422, body: { type: '/problems/model-not-configured' } });
    await give('openai', 'sk-ada-0123456789');
    expect((await chat(ada, openAI)).status).toBe(200);
    expect(sentKey()).toBe('sk-ada-0123456789');
    expect(await modelsOf(ada)).toContain(openAI);
    expect((await providersOf(ada)).get('openai')).toEqual({ configured: true, ownKey: true });

    expect(await chat(bob, openAI)).toMatchObject({ status: 422, body: { type: '/problems/model-not-configured' } });
    expect(await modelsOf(bob)).not.toContain(openAI);
    expect((await providersOf(bob)).get('openai')).toEqual({ configured: false, ownKey: false });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    ['anthropic', ANTHROPIC.model],
    ['openai-compatible', OPENAI_COMPATIBLE.model],
  ])("go before the server's, which others keep using: %s", async (provider, model) => {
    await give(provider, 'key-of-ada-0123456789');
    await Promise.all([ada, bob, ada, bob].map((as) => chat(as, `${provider}:${model}`)));
    const keys = upstream.requests.map(({ headers }) => headers['x-api-key'] ?? headers.authorization);
    const ownKeys = keys.filter((key) => String(key).endsWith('key-of-ada-0123456789'));
    expect([keys.length, ownKeys.length]).toEqual([4, 2]);
    expect(keys.filter((key) => String(key).endsWith(SERVER_KEY))).toHaveLength(2);
    expect((await providersOf(ada)).get(provider)).toEqual({ configured: true, ownKey: true });
    expect((await providersOf(bob)).get(provider)).toEqual({ configured: true, ownKey: false });
  });

  it('are rotated and removed with effect on the next call', async () => {
    const id = await give('anthropic', 'first-0123456789');
    const model = `anthropic:${ANTHROPIC.model}`;
    await chat(ada, model);
    expect(sentKey()).toBe('first-0123456789');
    await chatter.call('POST', `/secrets/${id}/rotate`, { as: ada, body: { value: 'second-0123456789' } });
    await chat(ada, model);
    expect(sentKey()).toBe('second-0123456789');
    await chatter.call('DELETE', `/secrets/${id}`, { as: ada });
    await chat(ada, model);
    expect(sentKey()).toBe(SERVER_KEY);
  });

  it('serve workflows that name the model, which are valid there and nowhere else', async () => {
    await give('openai', 'sk-ada-0123456789');
    const definition = single('model', { model: openAI, prompt: 'Hi' });
    const validity = async (as: SignedIn) =>
      (await chatter.call('POST', '/workflows/validate', { as, body: { definition } })).body;
    expect(await validity(ada)).toMatchObject({ valid: true });
    expect(await validity(bob)).toMatchObject({
      valid: false,
      violations: expect.arrayContaining([expect.objectContaining({ code: 'model-not-configured' })]),
    });
  });

  it('are one for each provider, and for providers that take one', async () => {
    await give('openai', 'sk-ada-0123456789');
    const post = (provider: string) =>
      chatter.call('POST', '/secrets', { as: ada, body: { name: `another ${provider}`, value: 'v', provider } });
    expect((await post('openai')).status).toBe(409);
    for (const provider of ['ollama', 'scripted', 'nobody'])
      expect((await post(provider)).body.errors).toEqual([
        {
          pointer: '/provider',
          detail: 'must be a provider that takes a key; there are openai, anthropic, google, openai-compatible',
        },
      ]);
  });

  it('are sent to the host that the provider had when they were given, and to no other', async () => {
    await give('openai', 'sk-ada-0123456789');
    expect(await chat(ada, openAI, second)).toMatchObject({
      status: 422,
      body: { type: '/problems/secret-host-not-allowed' },
    });
    expect(upstream.requests).toEqual([]);
  });

  it('show nowhere when the provider refuses them, and are named as what to correct', async () => {
    await give('openai', 'wv9-canary-key-of-ada');
    upstream.answer((response, { headers }) => {
      const message = `Incorrect API key provided: ${headers.authorization ?? ''}`;
      response.writeHead(401, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: { message } }));
    });
    const answer = await chat(ada, openAI);
    expect(answer.body).toMatchObject({
      type: '/problems/model-authentication-failed',
      detail: expect.stringContaining("Check the workspace's key of it, in GET /api/v1/secrets."),
    });
    expect(JSON.stringify(answer.body)).not.toContain('wv9-canary');
  });
});
