import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { openStream } from '../support/sse.js';

const UNKNOWN = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly traceId: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** Whatever is sent, the answer is a problem: its kind has a page, and nothing of ours shows. */
describe('bad input', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let slugs: ReadonlySet<string>;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    anna = await chatter.register();
    const list = await (await fetch(`${chatter.url}/problems`)).text();
    slugs = new Set(Array.from(list.matchAll(/href="(\/problems\/[a-z-]+)"/g), ([, path]) => path!));
    expect(slugs.size).toBeGreaterThan(10);
  });

  afterAll(() => chatter.close());

  interface Sent {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: RequestInit['body'];
  }

  const send = (path: string, { method = 'POST', headers, body }: Sent): Promise<Response> =>
    fetch(`${chatter.url}${path}`, {
      method,
      headers: { ...anna.headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      body,
    });

  /** What every problem is: checked on each one that any test here meets. */
  async function problemOf(response: Response, path: string): Promise<Problem> {
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const problem = JSON.parse(text) as Problem;
    expect(problem).toMatchObject({
      type: expect.stringMatching(/^\/problems\/[a-z-]+$/),
      title: expect.stringMatching(/\w/),
      status: response.status,
      detail: expect.stringMatching(/\w/),
      instance: path.split('?')[0],
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(slugs).toContain(problem.type);
    expect(response.headers.get('x-request-id')).toBeTruthy();
    expect(text).not.toMatch(/node_modules|at \w+ \(|\.ts:\d|SELECT |INSERT /);
    return problem;
  }

  const chat = async (body: unknown, headers: Record<string, string> = {}): Promise<[number, Problem]> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await send('/api/v1/chat', { body: text, headers });
    return [response.status, await problemOf(response, '/api/v1/chat')];
  };
  const pointersOf = ({ errors }: Problem): string[] => (errors ?? []).map(({ pointer }) => pointer).sort();

  describe('in a body', () => {
    it.each([
      ['an open brace', '{'],
      ['text', 'message=Hello'],
      ['single quotes', "{'message':'x'}"],
      ['a comma too many', '{"message":"x",}'],
      ['a comment', '{"message":"x"/**/}'],
      ['two values', '{"message":"x"}{}'],
      ['NaN', '{"message":"x","temperature":NaN}'],
      ['a bare string', '"Hello"'],
      ['a number', '7'],
      ['null', 'null'],
      ['a raw line break in a string', '{"message":"a\nb"}'],
      ['a byte order mark twice', '\uFEFF\uFEFF{"message":"x"}'],
    ])('that is no JSON object is a 400: %s', async (_, body) => {
      const [status, { type }] = await chat(body);
      expect([status, type]).toEqual([400, '/problems/malformed-json']);
    });

    it.each([
      ['nothing', ''],
      ['an empty object', '{}'],
      ['a list', '[]'],
      ['a list of bodies', '[{"message":"x"}]'],
    ])('that says nothing is a 422: %s', async (_, body) => {
      const [status, problem] = await chat(body);
      expect([status, problem.type]).toEqual([422, '/problems/validation-failed']);
    });

    it('without a body at all is a 422', async () => {
      const response = await send('/api/v1/chat', {});
      expect((await problemOf(response, '/api/v1/chat')).status).toBe(422);
    });

    it('names every fault at once, each with its pointer', async () => {
      const [status, problem] = await chat({
        message: 7,
        conversationId: 'x',
        workflow: {},
        stream: 'yes',
        model: [],
        systemMessage: 1,
        temperature: 2.5,
        maxTokens: 0.5,
        memoryWindow: 101,
        tools: 'all',
        collections: [1],
        documentIds: ['x'],
        parameters: [],
        limits: { runTimeoutMs: 0, nodeTimeoutMs: '1', maxToolCalls: 51, colour: 1 },
        onBusy: 'wait',
        onDisconnect: true,
        metadata: 'x',
        colour: 'red',
      });
      expect([status, problem.type]).toEqual([422, '/problems/validation-failed']);
      expect(pointersOf(problem)).toEqual([
        '/collections',
        '/colour',
        '/conversationId',
        '/documentIds',
        '/limits/colour',
        '/limits/maxToolCalls',
        '/limits/nodeTimeoutMs',
        '/limits/runTimeoutMs',
        '/maxTokens',
        '/memoryWindow',
        '/message',
        '/metadata',
        '/model',
        '/onBusy',
        '/onDisconnect',
        '/parameters',
        '/stream',
        '/systemMessage',
        '/temperature',
        '/tools',
        '/workflow',
      ]);
      for (const { pointer, detail } of problem.errors!) expect(problem.detail).toContain(`${pointer}: ${detail}`);
    });

    it.each([null, true, 1, [], {}, ['Hello'], { content: 'Hello' }])('has no message of %j', async (message) => {
      const [status, problem] = await chat({ message });
      expect([status, pointersOf(problem)]).toEqual([422, ['/message']]);
    });

    it.each([
      ['no character', ''],
      ['blanks', ' \n\t '],
      ['10,001 characters', 'x'.repeat(10_001)],
      ['10,001 characters of four bytes', '👋'.repeat(10_001)],
      ['characters that some counts leave out', `x${'\uFE0F'.repeat(10_001)}`],
    ])('has no message of %s', async (_, message) => {
      const [status, problem] = await chat({ message });
      expect([status, pointersOf(problem)]).toEqual([422, ['/message']]);
    });

    it('is refused beyond 1 MiB with 413, also compressed, and nothing of it is kept', async () => {
      const big = JSON.stringify({ message: 'x', metadata: { pad: 'x'.repeat(2_000_000) } });
      const [status, problem] = await chat(big);
      expect([status, problem.type]).toEqual([413, '/problems/payload-too-large']);
      const bomb = gzipSync(JSON.stringify({ message: 'x', metadata: { pad: 'x'.repeat(50_000_000) } }));
      const response = await send('/api/v1/chat', { body: bomb, headers: { 'Content-Encoding': 'gzip' } });
      expect((await problemOf(response, '/api/v1/chat')).status).toBe(413);
      expect((await chatter.call('GET', '/runs', { as: anna })).body.items).toEqual([]);
    });

    it.each([
      ['text', 'text/plain'],
      ['a form', 'application/x-www-form-urlencoded'],
      ['XML', 'application/xml'],
      ['no type', ''],
      ['almost JSON', 'application/jsonx'],
      ['JSON as a parameter', 'text/plain; x=application/json'],
      ['JSON in another charset', 'application/json; charset=iso-8859-1'],
    ])('of another media type is a 415: %s', async (_, type) => {
      const [status, problem] = await chat({ message: 'Hello' }, { 'Content-Type': type });
      expect([status, problem.type]).toEqual([415, '/problems/unsupported-media-type']);
    });

    it('in an unknown encoding is a 415', async () => {
      expect((await chat({ message: 'x' }, { 'Content-Encoding': 'rot13' }))[0]).toBe(415);
    });

    it('that is not what its encoding says is a 400', async () => {
      expect((await chat({ message: 'x' }, { 'Content-Encoding': 'gzip' }))[0]).toBe(400);
    });

    it.each(['application/json; charset=utf-8', 'application/merge-patch+json', 'APPLICATION/JSON'])(
      'is read as %s',
      async (type) => {
        const body = JSON.stringify({ message: 'Say exactly: ja' });
        const response = await send('/api/v1/chat', { body, headers: { 'Content-Type': type } });
        expect(response.status).toBe(200);
      },
    );

    it.each([
      ['NUL', { message: 'a\0b' }, '/message'],
      ['a lone high surrogate', '{"message":"a\\ud800"}', '/message'],
      ['a lone low surrogate', '{"message":"\\udc00a"}', '/message'],
      ['NUL in a name', '{"message":"x","metadata":{"a\\u0000":1}}', '/metadata/a'],
      ['NUL deep inside', { message: 'x', metadata: { a: [{ b: 'c\0' }] } }, '/metadata/a/0/b'],
      ['__proto__', '{"message":"x","__proto__":{"role":"admin"}}', '/__proto__'],
      ['__proto__ inside', '{"message":"x","metadata":{"__proto__":{"a":1}}}', '/metadata/__proto__'],
      ['constructor', '{"message":"x","constructor":{"prototype":{"a":1}}}', '/constructor'],
      ['33 levels', { message: 'x', metadata: nested(33) }, undefined],
      ['1,001 entries', { message: 'x', metadata: { a: Array(1_001).fill(1) } }, '/metadata/a'],
    ])('with %s is a 422', async (_, body, pointer) => {
      const [status, problem] = await chat(body);
      expect([status, problem.type]).toEqual([422, '/problems/validation-failed']);
      if (pointer !== undefined) expect(pointersOf(problem)).toEqual([pointer]);
      expect(({} as Record<string, unknown>).role).toBeUndefined();
    });

    it('nested 200,000 levels deep is a 422, not a stack overflow', async () => {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const [status] = await chat(
          `{"message":"x","metadata":{"a":${open.repeat(150_000)}1${close.repeat(150_000)}}}`,
        );
        expect(status).toBe(422);
      }
    });

    it('with members named like those of every object is ordinary data', async () => {
      const metadata = { toString: 1, hasOwnProperty: 2, valueOf: { then: 3 }, then: 4 };
      const { status, body } = await chatter.call('POST', '/chat', { as: anna, body: { message: 'x', metadata } });
      expect([status, body.run.status]).toEqual([200, 'succeeded']);
    });
  });

  describe('in an id', () => {
    it.each(['x', UNKNOWN, '0', '%20', "1' or '1'='1", '../../etc/passwd', '%2e%2e', 'a'.repeat(5_000)])(
      'of a path finds nothing: %s',
      async (id) => {
        const path = `/api/v1/runs/${encodeURIComponent(id)}`;
        const response = await send(path, { method: 'GET' });
        const problem = await problemOf(response, path);
        expect([problem.status, problem.type]).toEqual([404, '/problems/not-found']);
      },
    );

    it.each(['%', '%zz', '%c3%28', '%ff'])('of a path that cannot be decoded is a 400: %s', async (id) => {
      const path = `/api/v1/runs/${id}`;
      const problem = await problemOf(await send(path, { method: 'GET' }), path);
      expect([problem.status, problem.type]).toEqual([400, '/problems/bad-request']);
    });

    it('of a workspace that is not the caller’s is refused before anything is looked at', async () => {
      const ben = await chatter.register();
      for (const id of [ben.user.personalWorkspaceId, UNKNOWN, 'x']) {
        const response = await send('/api/v1/runs', { method: 'GET', headers: { 'X-Workspace-Id': id } });
        expect([403, 404, 422]).toContain((await problemOf(response, '/api/v1/runs')).status);
      }
    });
  });

  describe('in a token', () => {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const partsOf = (token: string): [object, Record<string, unknown>, string] => {
      const [header, claims, signature] = token.split('.') as [string, string, string];
      const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
      return [decode(header), decode(claims), signature];
    };
    const forgeries: readonly [string, (token: string) => string][] = [
      ['alg none', (token) => `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(partsOf(token)[1])}.`],
      [
        'alg none, signature kept',
        (token) => `${encode({ ...partsOf(token)[0], alg: 'none' })}.${token.split('.').slice(1).join('.')}`,
      ],
      [
        'a later expiry',
        (token) => {
          const [header, claims, signature] = partsOf(token);
          return `${encode(header)}.${encode({ ...claims, exp: Number(claims.exp) + 9_999 })}.${signature}`;
        },
      ],
      [
        'another user',
        (token) => {
          const [header, claims, signature] = partsOf(token);
          return `${encode(header)}.${encode({ ...claims, sub: UNKNOWN })}.${signature}`;
        },
      ],
      [
        'a key of its own',
        (token) => {
          const [header, claims] = partsOf(token);
          const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
          const text = `${encode(header)}.${encode(claims)}`;
          return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
        },
      ],
      [
        'HMAC with a guessed secret',
        (token) => {
          const [, claims] = partsOf(token);
          const text = `${encode({ alg: 'HS256', typ: 'at+jwt' })}.${encode(claims)}`;
          return `${text}.${createHmac('sha256', 'secret').update(text).digest('base64url')}`;
        },
      ],
      ['no signature', (token) => token.split('.').slice(0, 2).join('.')],
      ['no token', () => ''],
      ['prose', () => 'let me in'],
      ['an API key that is none', () => `ck_${'x'.repeat(43)}`],
      ['10,000 characters', () => 'x'.repeat(10_000)],
    ];

    it.each(forgeries)('that is forged is a 401: %s', async (_, forge) => {
      const headers = { Authorization: `Bearer ${forge(anna.token)}` };
      const response = await send('/api/v1/runs', { method: 'GET', headers });
      const problem = await problemOf(response, '/api/v1/runs');
      expect([problem.status, problem.type]).toEqual([401, '/problems/unauthenticated']);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    });

    it('that has ended is a 401 on every kind of route, streams included', async () => {
      const user = await chatter.register();
      await chatter.call('POST', '/auth/logout', { as: user });
      for (const [method, path] of [
        ['GET', '/api/v1/runs'],
        ['GET', `/api/v1/runs/${UNKNOWN}/events`],
        ['POST', '/api/v1/chat'],
      ] as const) {
        const response = await fetch(`${chatter.url}${path}`, {
          method,
          headers: { ...user.headers, Accept: 'text/event-stream' },
        });
        expect((await problemOf(response, path)).status).toBe(401);
      }
    });

    it('that is missing is a 401', async () => {
      const response = await fetch(`${chatter.url}/api/v1/chat`, { method: 'POST' });
      expect(await problemOf(response, '/api/v1/chat')).toMatchObject({
        status: 401,
        type: '/problems/unauthenticated',
      });
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    });

    it('in the address is not looked at', async () => {
      const path = `/api/v1/runs?access_token=${anna.token}`;
      const response = await fetch(`${chatter.url}${path}`);
      expect((await problemOf(response, path)).status).toBe(401);
    });
  });

  describe('in an address', () => {
    it.each([
      '/',
      '/api',
      '/api/v1',
      '/api/v1/nothing',
      '/api/v2/chat',
      '/chat',
      '/api/v1/chat/x',
      '/problems/none',
      '/.env',
      '//evil',
    ])('that leads nowhere is a 404: %s', async (path) => {
      const problem = await problemOf(await send(path, { method: 'GET' }), path);
      expect([problem.status, problem.type]).toEqual([404, '/problems/not-found']);
    });

    it.each([
      ['GET', '/api/v1/chat'],
      ['PUT', '/api/v1/chat'],
      ['DELETE', '/api/v1/runs'],
      ['PATCH', `/api/v1/runs/${UNKNOWN}`],
      ['POST', '/livez'],
      ['PROPFIND', '/api/v1/chat'],
    ])('with a method it does not have is a problem: %s %s', async (method, path) => {
      const problem = await problemOf(await send(path, { method }), path);
      expect([404, 405]).toContain(problem.status);
    });
  });

  it('asked for as a stream is a problem too, never a stream', async () => {
    for (const body of [{}, { message: '' }, { message: 'x', colour: 1 }, { message: 'x', workflow: 'nope' }]) {
      const live = await openStream(`${chatter.url}/api/v1/chat`, { method: 'POST', headers: anna.headers, body });
      await live.ended;
      expect(live.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(live.status).toBeGreaterThanOrEqual(400);
    }
  });

  it('that the caller numbered is answered with the caller’s trace and request ids, when they are well formed', async () => {
    const traceId = 'a'.repeat(32);
    const own = await send('/api/v1/nothing', {
      method: 'GET',
      headers: { traceparent: `00-${traceId}-${'b'.repeat(16)}-01`, 'X-Request-Id': 'my-request.1' },
    });
    expect([own.headers.get('x-request-id'), ((await own.json()) as Problem).traceId]).toEqual([
      'my-request.1',
      traceId,
    ]);
    const bad = await send('/api/v1/nothing', {
      method: 'GET',
      headers: { traceparent: `00-${'0'.repeat(32)}-x`, 'X-Request-Id': 'a b<script>' },
    });
    expect(bad.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await problemOf(bad, '/api/v1/nothing')).traceId).not.toBe('0'.repeat(32));
  });

  it('has a page for every kind of problem it can meet', async () => {
    for (const path of slugs) {
      const page = await fetch(`${chatter.url}${path}`);
      expect([path, page.status, page.headers.get('content-type')]).toEqual([path, 200, 'text/html; charset=utf-8']);
      expect(await page.text()).toContain(path.replace('/problems/', ''));
    }
  });
});

function nested(depth: number): object {
  return depth === 0 ? {} : { a: nested(depth - 1) };
}
