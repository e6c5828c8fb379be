import { newId } from '../../src/platform/clock/id.js';
import { startApp, type RequestParts, type SignedIn, type TestApp } from '../support/app.js';

describe('editing a user message', () => {
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    anna = await chatter.register();
  });
  afterAll(() => chatter.close());

  const call = (method: string, path: string, parts: RequestParts = {}) =>
    chatter.call(method, path, { as: anna, ...parts });
  const edit = (conversationId: string, messageId: string, content: unknown, parts: RequestParts = {}) =>
    call('PUT', `/conversations/${conversationId}/messages/${messageId}`, { body: { content }, ...parts });
  const branch = async (conversationId: string, through?: string) =>
    (await call('GET', `/conversations/${conversationId}/messages?limit=100${through ? `&branch=${through}` : ''}`))
      .body.items as { id: string; role: string; content: string; parentId: string | null }[];

  async function spoken(...turns: readonly string[]) {
    let conversationId: string | undefined;
    for (const message of turns)
      conversationId = (await call('POST', '/chat', { body: { message, conversationId } })).body.conversation
        .id as string;
    return { id: conversationId!, messages: await branch(conversationId!) };
  }

  it('makes a sibling that ends the active branch, where Location says, and starts no run', async () => {
    const { id, messages } = await spoken('Say exactly: one', 'Say exactly: two', 'Say exactly: three');
    const { status, headers, body } = await edit(id, messages[2]!.id, 'Say exactly: zwei');
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String) as string,
      conversationId: id,
      parentId: messages[1]!.id,
      role: 'user',
      content: 'Say exactly: zwei',
      sequence: 7,
      createdAt: expect.stringMatching(/\.\d{3}Z$/) as string,
    });
    expect(headers.get('location')).toBe(`/api/v1/conversations/${id}/messages/${body.id}`);
    expect((await call('GET', headers.get('location')!.replace('/api/v1', ''))).body).toEqual(body);
    expect(await branch(id)).toEqual([...messages.slice(0, 2), body]);
    expect(await branch(id, messages[2]!.id)).toEqual(messages);
    expect((await call('GET', `/runs?conversationId=${id}`)).body.items).toHaveLength(3);
    expect((await call('GET', `/conversations/${id}`)).body).toMatchObject({ messageCount: 7 });
  });

  it('is answered by regenerating it, or by chatting on', async () => {
    const { id, messages } = await spoken('Say exactly: one', 'Say exactly: two');
    const edited = (await edit(id, messages[2]!.id, 'Say exactly: zwei')).body;
    const answer = await call('POST', `/conversations/${id}/messages/${edited.id}/regenerate`, { body: {} });
    expect(answer.body.message).toMatchObject({ content: 'zwei', parentId: edited.id });
    await call('POST', '/chat', { body: { conversationId: id, message: 'Say exactly: drei' } });
    const said = async (through?: string) => (await branch(id, through)).map(({ content }) => content);
    expect(await said()).toEqual(['Say exactly: one', 'one', 'Say exactly: zwei', 'zwei', 'Say exactly: drei', 'drei']);
    expect(await said(messages[3]!.id)).toEqual(['Say exactly: one', 'one', 'Say exactly: two', 'two']);
  });

  it('makes another root of the first message', async () => {
    const { id, messages } = await spoken('Say exactly: one', 'Say exactly: two');
    const edited = await edit(id, messages[0]!.id, 'Anew');
    expect(edited.body.parentId).toBeNull();
    expect(await branch(id)).toEqual([edited.body]);
    expect(await branch(id, messages[0]!.id)).toEqual(messages);
  });

  it('makes one sibling for each of parallel edits, and one of them is active', async () => {
    const { id, messages } = await spoken('Say exactly: one');
    const edits = await Promise.all(Array.from({ length: 6 }, (_, n) => edit(id, messages[0]!.id, `Edit ${n}`)));
    expect(edits.map(({ status }) => status)).toEqual(Array(6).fill(201));
    expect(edits.map(({ body }) => body.sequence as number).sort()).toEqual([3, 4, 5, 6, 7, 8]);
    const last = edits.find(({ body }) => body.sequence === 8)!.body;
    expect(await branch(id)).toEqual([last]);
  });

  it('is for user messages only, and says what to do instead', async () => {
    const { id, messages } = await spoken('Say exactly: one');
    const { status, body } = await edit(id, messages[1]!.id, 'Better');
    expect([status, body.type]).toEqual([409, '/problems/conflict']);
    expect(body.detail).toMatch(/assistant.*regenerate/);
    expect(await branch(id)).toEqual(messages);
  });

  it.each([
    ['', '/content'],
    [' \n', '/content'],
    ['x'.repeat(10_001), '/content'],
    [undefined, '/content'],
    [7, '/content'],
  ])('refuses the content %j', async (content, pointer) => {
    const { id, messages } = await spoken('Hello');
    const { status, body } = await edit(id, messages[0]!.id, content);
    expect([status, body.errors[0].pointer]).toEqual([422, pointer]);
  });

  it('finds nothing to edit where the caller has nothing', async () => {
    const { id, messages } = await spoken('Say exactly: one', 'Say exactly: two');
    const other = await spoken('Elsewhere');
    const ben = await chatter.register();
    await call('DELETE', `/conversations/${id}/messages/${messages[2]!.id}`);
    for (const [conversationId, messageId, as] of [
      [id, messages[0]!.id, ben],
      [id, other.messages[0]!.id, anna],
      [id, messages[2]!.id, anna],
      [id, newId(), anna],
      [newId(), messages[0]!.id, anna],
    ] as const) {
      const answer = await edit(conversationId, messageId, 'Mine', { as });
      expect([answer.status, answer.body.type]).toEqual([404, '/problems/not-found']);
    }
    await call('DELETE', `/conversations/${id}`);
    expect((await edit(id, messages[0]!.id, 'Late')).status).toBe(404);
  });

  it('is not for viewers', async () => {
    const workspace = (await call('POST', '/workspaces', { body: { name: 'Team' } })).body;
    const ben = await chatter.register();
    await call('POST', `/workspaces/${workspace.id}/members`, { body: { email: ben.user.email, role: 'viewer' } });
    const headers = { 'X-Workspace-Id': workspace.id as string };
    const { conversation, message } = (await call('POST', '/chat', { body: { message: 'Hello' }, headers })).body;
    const asBen = await edit(conversation.id as string, message.parentId as string, 'Mine', { as: ben, headers });
    expect([asBen.status, asBen.body.type]).toEqual([403, '/problems/forbidden']);
  });
});
