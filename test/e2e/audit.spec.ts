import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { granted } from '../support/granted.js';
import { libraryOf } from '../support/knowledge.js';

describe('the audit log over HTTP', () => {
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    anna = await chatter.register();
  });
  afterAll(() => chatter.close());

  const made = async (path: string, body: object) => (await chatter.call('POST', path, { as: anna, body })).body;
  const remembered = async () => {
    await granted(chatter, anna, { tool: 'memoryWrite' });
    return (await made('/tools/memoryWrite/invoke', { arguments: { content: 'Likes tea.' } })).result.id as string;
  };
  const said = async () => {
    const { id } = await made('/conversations', {});
    return `/conversations/${id}/messages/${(await made(`/conversations/${id}/messages`, { content: 'Hello' })).id}`;
  };

  it.each<[string, string, () => Promise<string>]>([
    [
      'a document',
      'document.deleted',
      async () => `/documents/${(await libraryOf(chatter, anna).add('Tea', 'Hot.')).id}`,
    ],
    [
      'a collection',
      'collection.deleted',
      async () => `/collections/${(await made('/collections', { name: 'x' })).id}`,
    ],
    ['a message', 'message.deleted', said],
    ['a memory', 'memory.deleted', async () => `/memories/${await remembered()}`],
    ['all memories', 'memory.cleared', () => Promise.resolve('/memories')],
    ['the cache', 'cache.cleared', () => Promise.resolve('/cache?tag=workflow:plain')],
  ])('holds the deletion of %s, once', async (_what, action, path) => {
    const acts = async () =>
      (await chatter.call('GET', '/audit?limit=100', { as: anna })).body.items.filter(
        (entry: { action: string }) => entry.action === action,
      );
    const deleted = await path();
    expect((await chatter.call('DELETE', deleted, { as: anna })).status).toBe(204);
    await chatter.call('DELETE', `${deleted.replace(/[^/]+$/, '')}019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b`, { as: anna });
    expect(await acts()).toMatchObject([
      { actorId: anna.user.id, outcome: 'ok', subject: expect.stringMatching(/:./) },
    ]);
  });
});
