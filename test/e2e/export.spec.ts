import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Client } from 'pg';
import { newId } from '../../src/platform/clock/id.js';
import { startApp, type RequestParts, type SignedIn, type TestApp } from '../support/app.js';

interface Exported {
  readonly version: number;
  readonly exportedAt: string;
  readonly conversation: Readonly<Record<string, unknown>>;
  readonly messages: readonly { readonly id: string; readonly parentId: string | null; readonly content: string }[];
}

describe('exporting a conversation', () => {
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    anna = await chatter.register();
  });
  afterAll(() => chatter.close());

  const call = (method: string, path: string, parts: RequestParts = {}) =>
    chatter.call(method, path, { as: anna, ...parts });

  async function file(id: string, query = '', headers: Record<string, string> = anna.headers) {
    const response = await fetch(`${chatter.url}/api/v1/conversations/${id}/export${query}`, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  async function spoken(body: object, ...turns: readonly string[]): Promise<string> {
    const { id } = (await call('POST', '/conversations', { body })).body;
    for (const message of turns) await call('POST', '/chat', { body: { message, conversationId: id } });
    return id as string;
  }

  const branch = async (id: string) => (await call('GET', `/conversations/${id}/messages?limit=100`)).body.items;

  describe('as JSON', () => {
    it('has the conversation and the living messages of all branches, each after its parent', async () => {
      const id = await spoken({ title: 'Plans' }, 'Say exactly: one', 'Say exactly: two', 'Say exactly: three');
      const old = await branch(id);
      await call('DELETE', `/conversations/${id}/messages/${old[5].id}`);
      await call('PUT', `/conversations/${id}/messages/${old[2].id}`, { body: { content: 'Say exactly: zwei' } });
      const { status, headers, text } = await file(id);
      expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
        200,
        'application/json; charset=utf-8',
        'no-store',
      ]);
      expect(headers.get('content-disposition')).toBe(`attachment; filename="Plans.json"; filename*=UTF-8''Plans.json`);
      const exported = JSON.parse(text) as Exported;
      expect(Object.keys(exported).sort()).toEqual(['conversation', 'exportedAt', 'messages', 'version']);
      expect([exported.version, exported.exportedAt]).toEqual([1, expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/)]);
      expect(exported.conversation).toEqual((await call('GET', `/conversations/${id}`)).body);
      expect(exported.messages).toEqual([...old.slice(0, 5), (await branch(id)).at(-1)]);
      const seen = new Set<string | null>([null]);
      for (const message of exported.messages) {
        expect(seen).toContain(message.parentId);
        seen.add(message.id);
      }
      expect(await file(id, '?format=json')).toMatchObject({ status: 200 });
    });

    it('is whole before the first message too', async () => {
      const id = await spoken({});
      expect((JSON.parse((await file(id)).text) as Exported).messages).toEqual([]);
    });
  });

  describe('as Markdown', () => {
    it('has the active branch under headings, its content unchanged', async () => {
      const content = 'Say exactly: # No heading\n\n```\n<img src=x onerror=alert(1)>\n| a |\r\n---';
      const id = await spoken({ title: 'Größe?\n# "2"' }, 'Say exactly: one', content);
      const [first, , third] = await branch(id);
      await call('PUT', `/conversations/${id}/messages/${first.id}`, { body: { content: 'Elsewhere' } });
      await call('POST', `/conversations/${id}/messages/${third.id}/regenerate`, { body: {} });
      const messages = await branch(id);
      expect(messages).toHaveLength(4);
      const { status, headers, text } = await file(id, '?format=markdown');
      expect([status, headers.get('content-type'), headers.get('x-content-type-options')]).toEqual([
        200,
        'text/markdown; charset=utf-8',
        'nosniff',
      ]);
      expect(headers.get('content-disposition')).toBe(
        `attachment; filename="Gro_e # 2.md"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%23%202.md`,
      );
      const headings = ['User', 'Assistant', 'User', 'Assistant'];
      expect(text).toBe(
        `# Größe? # "2"\n${headings
          .map((role, n) => `\n## ${role}, ${messages[n].createdAt}\n\n${messages[n].content}\n`)
          .join('')}`,
      );
      expect(text).toContain(content);
      expect(text).not.toContain('Elsewhere');
    });

    it('is only the title before the first message', async () => {
      const id = await spoken({ title: 'Empty' });
      expect((await file(id, '?format=markdown')).text).toBe('# Empty\n');
    });
  });

  it.each(['?format=pdf', '?format=', '?format=JSON', '?format=json&format=markdown', '?fromat=json'])(
    'refuses %s',
    async (query) => {
      const { status, headers, text } = await file(await spoken({}), query);
      expect([status, headers.get('content-type')]).toEqual([422, 'application/problem+json; charset=utf-8']);
      expect(JSON.parse(text)).toMatchObject({ type: '/problems/validation-failed' });
      expect(headers.get('content-disposition')).toBeNull();
    },
  );

  it('is for whoever reads the conversation, and nobody else', async () => {
    const workspace = (await call('POST', '/workspaces', { body: { name: 'Team' } })).body;
    const [ben, eve] = [await chatter.register(), await chatter.register()];
    await call('POST', `/workspaces/${workspace.id}/members`, { body: { email: ben.user.email, role: 'viewer' } });
    const team = { 'X-Workspace-Id': workspace.id as string };
    const { id } = (await call('POST', '/conversations', { body: { title: 'Shared' }, headers: team })).body;
    expect((await file(id, '', { ...ben.headers, ...team })).status).toBe(200);
    for (const headers of [eve.headers, ben.headers, anna.headers]) {
      for (const query of ['', '?format=markdown']) {
        const { status, text } = await file(id, query, headers);
        expect([status, (JSON.parse(text) as { type: string }).type]).toEqual([404, '/problems/not-found']);
      }
    }
    expect((await file(newId())).status).toBe(404);
    await call('DELETE', `/conversations/${id}`, { headers: team });
    expect((await file(id, '', { ...ben.headers, ...team })).status).toBe(404);
  });

  describe('of 10,000 messages', () => {
    let id: string;

    beforeAll(async () => {
      id = await spoken({ title: 'Long' });
      const ids = Array.from({ length: 10_000 }, () => newId());
      const sql = new Client(chatter.database.connection);
      await sql.connect();
      await sql.query(
        `INSERT INTO message (id, workspace_id, conversation_id, parent_id, role, content, sequence)
         SELECT own, $1, $2, lag(own) OVER (ORDER BY n), CASE WHEN n % 2 = 1 THEN 'user' ELSE 'assistant' END,
           'Message ' || n || repeat(' word', 400), n
         FROM unnest($3::uuid[]) WITH ORDINALITY AS made (own, n)`,
        [anna.user.personalWorkspaceId, id, ids],
      );
      await sql.query(
        'UPDATE conversation SET last_sequence = 10000, message_count = 10000, active_message_id = $2 WHERE id = $1',
        [id, ids.at(-1)],
      );
      await sql.end();
    });

    it('comes whole in both formats', async () => {
      const exported = JSON.parse((await file(id)).text) as Exported;
      expect(exported.messages).toHaveLength(10_000);
      expect(exported.messages.every(({ content }, n) => content.startsWith(`Message ${n + 1} `))).toBe(true);
      const { text } = await file(id, '?format=markdown');
      expect(text.match(/^## (User|Assistant), /gm)).toHaveLength(10_000);
      expect(text.endsWith(' word\n')).toBe(true);
    });

    it('is read no further than the client reads, and does not keep a connection of the database', async () => {
      const before = process.memoryUsage().rss;
      const responses = await Promise.all(
        Array.from({ length: 30 }, async () => {
          const request = get(`${chatter.url}/api/v1/conversations/${id}/export`, {
            headers: anna.headers,
            agent: false,
          });
          request.on('error', () => undefined);
          const [response] = (await once(request, 'response')) as [IncomingMessage];
          response.on('error', () => undefined);
          return response;
        }),
      );
      expect((await call('GET', `/conversations/${id}`)).status).toBe(200);
      expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
      for (const response of responses) response.destroy();
      expect((await call('GET', `/conversations/${id}`)).status).toBe(200);
    });
  });
});
