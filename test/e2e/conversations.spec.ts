import { MessageService } from '../../src/conversation/message.service.js';
import { newId } from '../../src/platform/clock/id.js';
import { encodeCursor } from '../../src/platform/http/page.js';
import { startApp, type RequestParts, type SignedIn, type TestApp } from '../support/app.js';

describe('conversations over HTTP', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let ben: SignedIn;

  beforeAll(async () => {
    chatter = await startApp();
    anna = await chatter.register();
    ben = await chatter.register();
  });
  afterAll(() => chatter.close());

  const call = (method: string, path: string, parts: RequestParts = {}) =>
    chatter.call(method, path, { as: anna, ...parts });

  async function conversation(body: object = {}): Promise<{ id: string; path: string }> {
    const answer = await call('POST', '/conversations', { body });
    expect(answer.status).toBe(201);
    return { id: answer.body.id as string, path: `/conversations/${answer.body.id}` };
  }

  const say = async (path: string, content: string) =>
    (await call('POST', `${path}/messages`, { body: { content } })).body;

  /** What a run writes; there is no route for it. */
  const answered = (conversationId: string, content: string) =>
    chatter.app
      .get(MessageService, { strict: false })
      .append({ workspaceId: anna.user.personalWorkspaceId, conversationId, role: 'assistant', content, cost: 0.1 });

  it('are created, read where Location says, changed and deleted', async () => {
    const created = await call('POST', '/conversations', {
      body: {
        title: 'Plans',
        systemMessage: 'Be brief.',
        model: 'openai:gpt-4o-mini',
        workflow: 'plain',
        tags: ['a'],
        metadata: { n: 1 },
      },
    });
    expect(created.status).toBe(201);
    expect(created.headers.get('etag')).toBe('"1"');
    const path = created.headers.get('location')!.replace('/api/v1', '');

    const read = await call('GET', path);
    expect([read.status, read.body, read.headers.get('etag')]).toEqual([200, created.body, '"1"']);

    const changed = await call('PATCH', path, { body: { title: 'Better plans', status: 'archived', model: null } });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    const { model, ...others } = created.body;
    expect(model).toBe('openai:gpt-4o-mini');
    expect(changed.body).toEqual({
      ...others,
      title: 'Better plans',
      status: 'archived',
      updatedAt: changed.body.updatedAt,
    });

    const deleted = await call('DELETE', path);
    expect([deleted.status, deleted.body]).toEqual([204, undefined]);
    for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as const) {
      const gone = await call(method, path, { body });
      expect([gone.status, gone.headers.get('content-type'), gone.body.type]).toEqual([
        404,
        'application/problem+json; charset=utf-8',
        '/problems/not-found',
      ]);
    }
    expect((await call('DELETE', `${path}?purge=true`)).status).toBe(204);
    expect((await call('DELETE', `${path}?purge=true`)).status).toBe(404);
  });

  it('are not overwritten by an edit of an older version', async () => {
    const { path } = await conversation();
    const edit = (title: string, tag: string) => call('PATCH', path, { body: { title }, headers: { 'If-Match': tag } });

    const parallel = await Promise.all([edit('One', '"1"'), edit('Two', '"1"')]);
    expect(parallel.map(({ status }) => status).sort()).toEqual([200, 412]);
    const stale = parallel.find(({ status }) => status === 412)!;
    expect([stale.body.type, stale.headers.get('etag')]).toEqual(['/problems/precondition-failed', '"2"']);

    expect((await edit('Three', '"2"')).status).toBe(200);
    expect((await edit('Four', 'nonsense')).status).toBe(412);
    expect((await edit('Five', '*')).status).toBe(200);
    expect((await call('DELETE', path, { headers: { 'If-Match': '"3"' } })).status).toBe(412);
    expect((await call('DELETE', path, { headers: { 'If-Match': '"4"' } })).status).toBe(204);
  });

  it('are told, answered, rated and shortened', async () => {
    const { id, path } = await conversation();
    const question = await call('POST', `${path}/messages`, {
      body: { content: 'DROP TABLE message; -- is a normal message' },
    });
    expect(question.status).toBe(201);
    expect(question.body).toEqual({
      id: expect.any(String) as string,
      conversationId: id,
      parentId: null,
      role: 'user',
      content: 'DROP TABLE message; -- is a normal message',
      sequence: 1,
      createdAt: expect.stringMatching(/\.\d{3}Z$/) as string,
    });
    expect((await call('GET', question.headers.get('location')!.replace('/api/v1', ''))).body).toEqual(question.body);

    const answer = await answered(id, 'Indeed.');
    const rated = await call('PATCH', `${path}/messages/${answer.id}/rating`, { body: { rating: 4 } });
    expect([rated.status, rated.body]).toEqual([200, { ...answer, rating: 4 }]);
    expect((await call('PATCH', `${path}/messages/${question.body.id}/rating`, { body: { rating: 4 } })).status).toBe(
      409,
    );

    const listed = await call('GET', `${path}/messages`);
    expect([listed.status, listed.body]).toEqual([200, { items: [question.body, rated.body], nextCursor: null }]);

    const deleted = await call('DELETE', `${path}/messages/${question.body.id}`);
    expect([deleted.status, deleted.body]).toEqual([204, undefined]);
    expect((await call('DELETE', `${path}/messages/${question.body.id}`)).status).toBe(404);
    expect((await call('GET', `${path}/messages/${question.body.id}`)).status).toBe(404);
    expect((await call('GET', `${path}/messages`)).body.items).toEqual([{ ...rated.body, parentId: null }]);
    expect((await call('GET', path)).body.messageCount).toBe(1);
  });

  it('are paged, sorted, filtered and searched', async () => {
    const carl = await chatter.register();
    for (const title of ['Rivers of Europe', 'Lakes', 'Seas']) {
      await call('POST', '/conversations', { as: carl, body: { title, tags: title === 'Seas' ? ['salt'] : [] } });
    }
    const titles = async (query: string) => {
      const { status, body } = await call('GET', `/conversations?${query}`, { as: carl });
      return status === 200
        ? { titles: body.items.map(({ title }: { title: string }) => title), next: body.nextCursor }
        : status;
    };
    expect(await titles('')).toEqual({ titles: ['Seas', 'Lakes', 'Rivers of Europe'], next: null });
    expect(await titles('sort=title')).toEqual({ titles: ['Lakes', 'Rivers of Europe', 'Seas'], next: null });
    expect(await titles('query=rivers')).toEqual({ titles: ['Rivers of Europe'], next: null });
    expect(await titles('tag=salt&status=active')).toEqual({ titles: ['Seas'], next: null });
    const { body } = await call('GET', '/conversations?limit=2', { as: carl });
    expect(body.nextCursor).toMatch(/^[\w-]+$/);
    expect(await titles(`limit=2&cursor=${body.nextCursor}`)).toEqual({ titles: ['Rivers of Europe'], next: null });
    expect(await titles(`limit=2&sort=title&cursor=${body.nextCursor}`)).toBe(422);
  });

  it('are forked at a message', async () => {
    const { path } = await conversation({ title: 'Original' });
    const first = await say(path, 'One');
    await say(path, 'Two');
    const fork = await call('POST', `${path}/fork`, { body: { messageId: first.id, title: 'Copy' } });
    expect([fork.status, fork.body.title, fork.body.messageCount, fork.headers.get('etag')]).toEqual([
      201,
      'Copy',
      1,
      '"1"',
    ]);
    const copied = await call('GET', `${fork.headers.get('location')!.replace('/api/v1', '')}/messages`);
    expect(copied.body.items).toMatchObject([
      { content: 'One', sequence: 1, parentId: null, conversationId: fork.body.id },
    ]);
    expect((await call('POST', `${path}/fork`)).body).toMatchObject({ title: 'Original (fork)', messageCount: 2 });
  });

  it('are created once for repeated requests with one Idempotency-Key', async () => {
    const key = { 'Idempotency-Key': newId() };
    const first = await call('POST', '/conversations', { body: { title: 'Once' }, headers: key });
    const again = await call('POST', '/conversations', { body: { title: 'Once' }, headers: key });
    expect([again.status, again.body, again.headers.get('location')]).toEqual([
      201,
      first.body,
      first.headers.get('location'),
    ]);
    expect((await call('POST', '/conversations', { body: { title: 'Other' }, headers: key })).status).toBe(422);
  });

  it('are shared with the members of the workspace, of whom viewers only read', async () => {
    const workspace = (await call('POST', '/workspaces', { body: { name: 'Team' } })).body;
    const inTeam = { 'X-Workspace-Id': workspace.id as string };
    await call('POST', `/workspaces/${workspace.id}/members`, { body: { email: ben.user.email, role: 'viewer' } });
    const { id } = (await call('POST', '/conversations', { body: { title: 'Shared' }, headers: inTeam })).body;
    await call('POST', `/conversations/${id}/messages`, { body: { content: 'Hello' }, headers: inTeam });

    const asBen = { as: ben, headers: inTeam };
    expect((await call('GET', `/conversations/${id}`, asBen)).body.title).toBe('Shared');
    expect((await call('GET', `/conversations/${id}/messages`, asBen)).body.items).toHaveLength(1);
    const [message] = (await call('GET', `/conversations/${id}/messages`, asBen)).body.items;
    const writes = await Promise.all([
      call('POST', '/conversations', { ...asBen, body: {} }),
      call('PATCH', `/conversations/${id}`, { ...asBen, body: {} }),
      call('DELETE', `/conversations/${id}`, asBen),
      call('POST', `/conversations/${id}/fork`, { ...asBen, body: {} }),
      call('POST', `/conversations/${id}/messages`, { ...asBen, body: { content: 'Hello' } }),
      call('PATCH', `/conversations/${id}/messages/${message.id}/rating`, { ...asBen, body: { rating: 1 } }),
      call('DELETE', `/conversations/${id}/messages/${message.id}`, asBen),
    ]);
    expect(writes.map(({ status }) => status)).toEqual(writes.map(() => 403));
  });

  it('of another workspace look like missing ones', async () => {
    const { id, path } = await conversation({ title: 'Private' });
    const message = await say(path, 'Hidden');
    const own = (await call('POST', '/conversations', { as: ben, body: {} })).body;
    const attempts: readonly (readonly [string, string, object?])[] = [
      ['GET', path],
      ['PATCH', path, { title: 'Taken' }],
      ['DELETE', path],
      ['DELETE', `${path}?purge=true`],
      ['POST', `${path}/fork`, {}],
      ['GET', `${path}/messages`],
      ['POST', `${path}/messages`, { content: 'Hello' }],
      ['GET', `${path}/messages/${message.id}`],
      ['PATCH', `${path}/messages/${message.id}/rating`, { rating: 1 }],
      ['DELETE', `${path}/messages/${message.id}`],
      ['GET', `/conversations/${own.id}/messages?branch=${message.id}`],
      ['POST', `/conversations/${own.id}/fork`, { messageId: message.id }],
      ['GET', `/conversations/${own.id}/messages/${message.id}`],
    ];
    for (const [method, target, body] of attempts) {
      const foreign = await call(method, target, { as: ben, body });
      const [missingId, missingMessage] = [newId(), newId()];
      const missing = await call(method, target.replaceAll(id, missingId).replaceAll(message.id, missingMessage), {
        as: ben,
        body,
      });
      expect([method, target, foreign.status]).toEqual([method, target, 404]);
      const neutral = (text: string) => text.replaceAll(missingId, id).replaceAll(missingMessage, message.id);
      expect({ ...foreign.body, traceId: '' }).toEqual({
        ...(JSON.parse(neutral(JSON.stringify(missing.body))) as object),
        traceId: '',
      });
    }
    const spied = await call('GET', `/conversations/${own.id}/messages?cursor=${encodeCursor([message.id, 0])}`, {
      as: ben,
    });
    expect(spied.body).toEqual({ items: [], nextCursor: null });
    expect((await call('GET', '/conversations?query=private', { as: ben })).body.items).toEqual([]);
    expect((await call('GET', path)).body.title).toBe('Private');
  });

  it('are for those who are known', async () => {
    expect((await chatter.call('GET', '/conversations')).status).toBe(401);
  });

  describe('refuse', () => {
    const text = (length: number) => 'x'.repeat(length);
    const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) });

    it.each<[string, object, string]>([
      ['an unknown field', { colour: 'red' }, '/colour'],
      ['a blank title', { title: '  ' }, '/title'],
      ['a title of another type', { title: 5 }, '/title'],
      ['no title at all', { title: null }, '/title'],
      ['a long title', { title: text(201) }, '/title'],
      ['a long system message', { systemMessage: text(20_001) }, '/systemMessage'],
      ['tags that are no list', { tags: 'a' }, '/tags'],
      ['a tag of another type', { tags: [1] }, '/tags'],
      ['many tags', { tags: Array.from({ length: 33 }, (_, n) => `t${n}`) }, '/tags'],
      ['a long tag', { tags: [text(65)] }, '/tags'],
      ['a tag twice', { tags: ['a', 'a'] }, '/tags'],
      ['metadata that is a list', { metadata: [] }, '/metadata'],
      ['metadata that is text', { metadata: 'x' }, '/metadata'],
      ['large metadata', { metadata: { a: text(16 * 1024) } }, '/metadata'],
      ['deep metadata', { metadata: deep(40) }, `/metadata${'/a'.repeat(32)}`],
      ['NUL', { title: 'a\0b' }, '/title'],
      ['NUL in metadata', { metadata: { a: ['\0'] } }, '/metadata/a/0'],
      ['a lone surrogate', { title: 'a\ud800' }, '/title'],
      ['a constructor', { metadata: { constructor: { a: 1 } } }, '/metadata/constructor'],
    ])('to be created with %s', async (_, body, pointer) => {
      const created = await call('POST', '/conversations', { body });
      expect([created.status, created.body.type, created.body.errors?.[0]?.pointer]).toEqual([
        422,
        '/problems/validation-failed',
        pointer,
      ]);
      const { path } = await conversation();
      expect((await call('PATCH', path, { body })).status).toBe(422);
    });

    it('a prototype in the body', async () => {
      const response = await fetch(`${chatter.url}/api/v1/conversations`, {
        method: 'POST',
        headers: { ...anna.headers, 'Content-Type': 'application/json' },
        body: '{"metadata":{"__proto__":{"polluted":true}}}',
      });
      expect(response.status).toBe(422);
    });

    it.each<[string, unknown]>([
      ['no content', {}],
      ['empty content', { content: '' }],
      ['blank content', { content: ' \n ' }],
      ['10,001 characters', { content: 'x'.repeat(10_001) }],
      ['a number', { content: 5 }],
      ['null', { content: null }],
      ['a list', { content: ['x'] }],
      ['NUL', { content: 'a\0' }],
      ['a lone surrogate', { content: '\udc00' }],
      ['another role', { content: 'x', role: 'assistant' }],
      ['a body that is a list', [{ content: 'x' }]],
    ])('a message of %s', async (_, body) => {
      const { path } = await conversation();
      expect((await call('POST', `${path}/messages`, { body })).status).toBe(422);
      expect((await call('GET', path)).body.messageCount).toBe(0);
    });

    it.each([-1, 6, 1.5, '5', null])('a rating of %p', async (rating) => {
      const { id, path } = await conversation();
      const { id: messageId } = await answered(id, 'Hello');
      expect((await call('PATCH', `${path}/messages/${messageId}/rating`, { body: { rating } })).status).toBe(422);
    });

    it.each([
      ['a long cursor', `cursor=${'x'.repeat(513)}`],
      ['a long query', `query=${'x'.repeat(201)}`],
    ])('a list by %s', async (_, query) => {
      expect((await call('GET', `/conversations?${query}`)).status).toBe(422);
    });

    it.each([
      'limit=0',
      'limit=101',
      'limit=x',
      'limit=1&limit=2',
      'cursor=nonsense',
      'sort=colour',
      'sort=constructor',
      'sort=--title',
      'sort=title-',
      'status=gone',
      'query=',
      'query=%00',
      'tag=',
      'colour=red',
      'query[a]=b',
    ])('a list of %s', async (query) => {
      expect((await call('GET', `/conversations?${query}`)).status).toBe(422);
    });

    it.each([
      'limit=0',
      'limit=101',
      'cursor=nonsense',
      'branch=x',
      'colour=red',
      `cursor=${encodeCursor([newId(), 1.5])}`,
    ])('messages of %s', async (query) => {
      const { path } = await conversation();
      expect((await call('GET', `${path}/messages?${query}`)).status).toBe(422);
    });

    it.each(['purge=1', 'purge=', 'purge=yes', 'force=true'])('to be deleted by %s', async (query) => {
      const { path } = await conversation();
      expect((await call('DELETE', `${path}?${query}`)).status).toBe(422);
      expect((await call('GET', path)).status).toBe(200);
    });

    it.each(['x', '1', '..%2f..', '019a1b2c-3d4e-7f50-8a6b', '__proto__', '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b'])(
      'the id %s',
      async (id) => {
        expect((await call('GET', `/conversations/${id}`)).status).toBe(404);
        expect((await call('GET', `/conversations/${id}/messages`)).status).toBe(404);
      },
    );
  });

  it('take what is just within the bounds', async () => {
    const tags = Array.from({ length: 32 }, (_, n) => `${n}`.padEnd(64, '東'));
    const body = {
      title: '𐐀'.repeat(100),
      systemMessage: 'x'.repeat(20_000),
      tags,
      metadata: { a: 'x'.repeat(16 * 1024 - 8) },
    };
    const { path } = await conversation(body);
    expect((await call('GET', path)).body).toMatchObject({ title: body.title, tags });
    expect((await call('POST', `${path}/messages`, { body: { content: '😀'.repeat(5_000) } })).status).toBe(201);
  });

  it('keep metadata to the letter', async () => {
    const metadata = {
      toString: 1,
      valueOf: { hasOwnProperty: [null, true] },
      '': 0,
      'a.b': 1e300,
      ü: '\u2028',
    };
    const { path } = await conversation({ metadata });
    expect((await call('GET', path)).body.metadata).toEqual(metadata);
  });

  it('answer an id in capitals as the same', async () => {
    const { id } = await conversation();
    expect((await call('GET', `/conversations/${id.toUpperCase()}`)).body.id).toBe(id);
  });
});
