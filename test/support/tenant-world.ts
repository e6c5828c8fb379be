import type { RequestParts, SignedIn, TestApp } from './app.js';

type Json = ReturnType<typeof JSON.parse>;

/** What the fixtures are made with: requests of the workspace's owner, and what was made before. */
interface Making {
  call(method: string, path: string, body?: unknown): Promise<Json>;
  readonly made: ReadonlyMap<string, string>;
  readonly canary: string;
}

/**
 * One object of every kind that a path names, by the literal segments before it: of `/runs/{id}/steps` and `/runs/{id}`
 * it is `runs`. In the order they are made. A new kind of object needs a line here.
 */
const OBJECTS: Readonly<Record<string, (making: Making) => Promise<string>>> = {
  conversations: async ({ call, canary }) => (await call('POST', '/conversations', { title: canary })).id,
  'conversations/messages': async ({ call, made, canary }) =>
    (await call('POST', `/conversations/${made.get('conversations')}/messages`, { content: canary })).id,
  runs: async ({ call, canary }) =>
    (await call('POST', '/runs', { workflow: 'plain', input: { message: canary } })).run.id,
  approvals: async ({ call, canary }) =>
    (await call('POST', '/runs', { definition: asking(canary), input: {} })).approvals[0].id,
  workflows: async ({ call, canary }) =>
    (await call('POST', '/workflows', { name: canary, definition: asking(canary) })).id,
  'workflows/versions': async ({ call, made, canary }) => {
    const workflow = `/workflows/${made.get('workflows')}`;
    const { version } = await call('POST', `${workflow}/publish`, {});
    await call('PUT', `${workflow}/draft`, { definition: asking(`${canary} again`) });
    await call('POST', `${workflow}/publish`, {});
    return String(version);
  },
  collections: async ({ call, canary }) => (await call('POST', '/collections', { name: canary })).id,
  documents: async ({ call, canary }) => (await call('POST', '/documents', { title: canary, content: canary })).id,
  'tools/grants': async ({ call }) =>
    (await call('POST', '/tools/grants', { role: 'owner', pattern: '*', level: 'execute' })).id,
  memories: async ({ call, canary }) => {
    await call('POST', '/tools/memoryWrite/invoke', { arguments: { content: canary } });
    return (await call('GET', '/memories')).items[0].id;
  },
  tickets: async ({ call, canary }) => {
    await call('POST', '/tools/createTicket/invoke', { arguments: { title: canary } });
    return (await call('GET', '/tickets')).items[0].id;
  },
  secrets: async ({ call, canary }) =>
    (await call('POST', '/secrets', { name: canary, value: 'hidden', hosts: ['example.com'] })).id,
  budgets: async ({ call }) =>
    (await call('POST', '/budgets', { scope: 'workspace', unit: 'tokens', limit: 1_000_000_000, period: 'total' })).id,
  'mcp/servers': async ({ call, canary }) =>
    (await call('POST', '/mcp/servers', { name: canary, url: 'https://mcp.example.com/mcp' })).id,
  'mcp/servers/tools': async () => 'a_tool',
  tools: async ({ call }) => {
    const { items } = await call('GET', '/tools?limit=100');
    return items.find(({ source }: { source: { kind: string } }) => source.kind === 'workflow').name;
  },
  templates: async ({ call, canary }) =>
    (await call('POST', '/templates', { name: canary, extends: 'plain', parameters: {} })).name,
};

/** Paths that are not about objects of a workspace: they say who is calling, or hold for everybody. */
const UNOWNED: ReadonlySet<string> = new Set(['auth/api-keys', 'problems', 'workspaces', 'workspaces/members']);

const asking = (title: string) => ({
  kind: 'graph',
  nodes: [
    { id: 'ask', type: 'approval', config: { title } },
    { id: 'done', type: 'end', config: {} },
  ],
  edges: [{ from: 'ask', to: 'done', port: 'approved' }],
});

/** A workspace with one object of every kind, each carrying `canary` where it has a text of its own. */
export interface TenantWorld {
  readonly workspaceId: string;
  readonly canary: string;
  /** The id of the object of each kind. */
  readonly objects: ReadonlyMap<string, string>;
  /** Members by role, and a stranger with a workspace of their own. */
  readonly people: Readonly<Record<'owner' | 'admin' | 'editor' | 'viewer' | 'stranger' | 'former', SignedIn>>;
  /** The kinds a path names, outermost first. @throws Error for one that has no line above */
  kindsOf(path: string): readonly string[];
  /** The path with these objects in it. */
  filled(path: string, idOf?: (kind: string, id: string) => string): string;
}

export async function tenantWorld(chatter: TestApp): Promise<TenantWorld> {
  const names = ['owner', 'admin', 'editor', 'viewer', 'stranger', 'former'] as const;
  const signedIn = await Promise.all(names.map(async (name) => [name, await chatter.register()] as const));
  const people = Object.fromEntries(signedIn) as TenantWorld['people'];
  const send = async (method: string, path: string, parts: RequestParts): Promise<Json> => {
    const { status, body } = await chatter.call(method, path, parts);
    if (status >= 400) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const { id: workspaceId } = await send('POST', '/workspaces', { as: people.owner, body: { name: 'Tenant' } });
  for (const role of ['admin', 'editor', 'viewer', 'former'] as const) {
    const body = { email: people[role].user.email, role: role === 'former' ? 'admin' : role };
    await send('POST', `/workspaces/${workspaceId}/members`, { as: people.owner, body });
  }
  await send('DELETE', `/workspaces/${workspaceId}/members/${people.former.user.id}`, { as: people.owner });

  const canary = `canary-${workspaceId.slice(-12)}`;
  const objects = new Map<string, string>();
  const headers = { 'X-Workspace-Id': workspaceId };
  const call: Making['call'] = (method, path, body) => send(method, path, { as: people.owner, body, headers });
  for (const [kind, make] of Object.entries(OBJECTS)) objects.set(kind, await make({ call, made: objects, canary }));

  const kindsOf = (path: string): readonly string[] =>
    kinds(path).map((kind) => {
      if (objects.has(kind) || UNOWNED.has(kind)) return kind;
      throw new Error(`${path} names an object of the kind "${kind}", which the tenant world does not have.`);
    });
  const owned = new Map([
    ...objects,
    ['workspaces', workspaceId],
    ['workspaces/members', people.viewer.user.id],
    ['auth/api-keys', workspaceId],
    ['problems', 'not-found'],
  ]);
  const filled: TenantWorld['filled'] = (path, idOf = (_, id) => id) => {
    const rest = [...kindsOf(path)];
    return path.replace(/\{\w+\}/g, () => {
      const kind = rest.shift() ?? '';
      return encodeURIComponent(idOf(kind, owned.get(kind) ?? ''));
    });
  };
  return { workspaceId, canary, objects, people, kindsOf, filled };
}

/** For each parameter of a path, the literal segments before it. */
function kinds(path: string): readonly string[] {
  const segments = path.replace('/api/v1/', '').split('/').filter(Boolean);
  return segments.flatMap((segment, position) =>
    segment.startsWith('{')
      ? segments
          .slice(0, position)
          .filter((before) => !before.startsWith('{'))
          .join('/')
      : [],
  );
}
