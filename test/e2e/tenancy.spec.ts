import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { newId } from '../../src/platform/clock/id.js';
import { REQUIRED_ACCESS, type RequiredAccess } from '../../src/platform/http/access.js';
import { ROLES } from '../../src/platform/http/principal.js';
import { startApp, type Answer, type SignedIn, type TestApp } from '../support/app.js';
import { operationsOf, type ApiOperation, type JsonSchema } from '../support/api-operations.js';
import { sampleOf } from '../support/sample-body.js';
import { tenantWorld, type TenantWorld } from '../support/tenant-world.js';

/** Ids that a body may hold, by member, and the kind of object they name; null: none of a workspace. */
const REFERENCES: Readonly<Record<string, string | null>> = {
  conversationId: 'conversations',
  messageId: 'conversations/messages',
  documentIds: 'documents',
  serverId: 'mcp/servers',
  secretId: 'secrets',
  subjectId: 'workflows',
  userId: null,
  checkpointId: null,
};

/** Kinds whose objects are the owner's alone, also among the members of a workspace. */
const PERSONAL: ReadonlySet<string> = new Set(['memories']);

/** Bodies where the documented example is not one that the route takes. */
const BODIES: Readonly<Record<string, unknown>> = {
  'POST /api/v1/documents': { title: 'Text', content: 'A text.' },
  'PUT /api/v1/templates/{name}': { extends: 'plain', parameters: {} },
};

/** Every operation of the document against every kind of caller: nobody else's objects are read, changed or found. */
describe('tenancy', () => {
  let chatter: TestApp;
  let world: TenantWorld;
  let operations: readonly ApiOperation[];
  let roleOf: ReadonlyMap<string, RequiredAccess>;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    world = await tenantWorld(chatter);
    operations = operationsOf(chatter.app).filter(({ isPublic }) => !isPublic);
    roleOf = requiredAccess(chatter);
  });

  afterAll(() => chatter.close());

  const send = (
    { name, method, path, body, parameters, isEndless }: ApiOperation,
    as: SignedIn,
    parts: { readonly url?: string; readonly workspaceId?: string; readonly body?: unknown } = {},
  ): Promise<Answer> =>
    chatter.call(method, `${(parts.url ?? world.filled(path)).replace('/api/v1', '')}${queryOf(parameters)}`, {
      as,
      body: body && (parts.body ?? BODIES[name] ?? sampleOf(body)),
      headers: parts.workspaceId === undefined ? {} : { 'X-Workspace-Id': parts.workspaceId },
      readMs: isEndless ? 2_000 : undefined,
    });

  const aboutObjects = (): readonly ApiOperation[] =>
    operations.filter(({ path }) => world.kindsOf(path).some((kind) => world.objects.has(kind)));

  it('has a case for every operation, and objects for every kind that a path or body names', () => {
    expect(operations.length).toBeGreaterThan(60);
    for (const { path } of operations) expect(world.filled(path)).not.toContain('{');
    for (const { name, body } of operations)
      for (const member of idMembers(body)) expect([name, member, member in REFERENCES]).toEqual([name, member, true]);
  });

  it('answers strangers about an object as about one that never was', async () => {
    expect(aboutObjects().length).toBeGreaterThan(30);
    for (const operation of aboutObjects()) {
      const foreign = await send(operation, world.people.stranger);
      const missing = await send(operation, world.people.stranger, { url: world.filled(operation.path, unknownId) });
      expect([operation.name, foreign.status]).toEqual([operation.name, 404]);
      expect([operation.name, impersonal(foreign, world)]).toEqual([operation.name, impersonal(missing, world)]);
    }
  });

  it.each(['stranger', 'former'] as const)('lets no %s act in the workspace, whatever they ask for', async (who) => {
    for (const operation of operations) {
      const { status, body } = await send(operation, world.people[who], { workspaceId: world.workspaceId });
      expect([operation.name, status, body.detail]).toEqual([
        operation.name,
        404,
        expect.stringContaining('X-Workspace-Id'),
      ]);
    }
  });

  it('refuses members whose role is too low, and only them', async () => {
    for (const operation of operations) {
      const { role } = roleOf.get(operation.name)!;
      for (const lower of ROLES.slice(0, ROLES.indexOf(role))) {
        const { status } = await send(operation, world.people[lower], { workspaceId: world.workspaceId });
        expect([operation.name, lower, status]).toEqual([operation.name, lower, 403]);
      }
      const isOfCaller = operation.path.includes('{') && !aboutObjects().includes(operation);
      if (operation.method !== 'GET' || isOfCaller) continue;
      const { status } = await send(operation, world.people[role], { workspaceId: world.workspaceId });
      const isOthers = world.kindsOf(operation.path).some((kind) => PERSONAL.has(kind));
      expect([operation.name, role, isOthers ? status : status < 400 || status === 422]).toEqual([
        operation.name,
        role,
        isOthers ? 404 : true,
      ]);
    }
  });

  it('refuses API keys that lack the scope', async () => {
    const scopes = ['models:read'];
    const { body } = await chatter.call('POST', '/auth/api-keys', {
      as: world.people.owner,
      body: { name: 'narrow', scopes },
    });
    const key = { ...world.people.owner, headers: { Authorization: `Bearer ${body.key}` } };
    const forbidden = operations.filter(({ name }) => !scopes.includes(roleOf.get(name)!.scope));
    expect(forbidden.length).toBeGreaterThan(60);
    for (const operation of forbidden) {
      const { status } = await send(operation, key, { workspaceId: world.workspaceId });
      expect([operation.name, status]).toEqual([operation.name, 403]);
    }
  });

  it('shows nothing of the workspace in any list or figure of a stranger', async () => {
    for (const operation of operations) {
      if (operation.method !== 'GET' || operation.path.includes('{')) continue;
      const { status, body } = await send(operation, world.people.stranger);
      expect([operation.name, status < 400 || status === 403 || status === 422]).toEqual([operation.name, true]);
      const shown = JSON.stringify(body) ?? '';
      expect([operation.name, secretsOf(world).filter((secret) => shown.includes(secret))]).toEqual([
        operation.name,
        [],
      ]);
    }
  });

  it('takes a foreign id in a body as one that never was', async () => {
    for (const operation of operations) {
      const { body: schema } = operation;
      if (!schema || world.kindsOf(operation.path).some((kind) => world.objects.has(kind))) continue;
      for (const member of idMembers(schema)) {
        const kind = REFERENCES[member];
        const id = kind ? world.objects.get(kind) : undefined;
        if (id === undefined) continue;
        const withId = (value: string) => ({
          ...(sampleOf(schema) as object),
          [member]: member.endsWith('s') ? [value] : value,
        });
        const foreign = await send(operation, world.people.stranger, { body: withId(id) });
        const missing = await send(operation, world.people.stranger, { body: withId(newId()) });
        expect([operation.name, member, impersonal(foreign, world)]).toEqual([
          operation.name,
          member,
          impersonal(missing, world),
        ]);
      }
    }
  });

  it('leaves every object as it was', async () => {
    for (const operation of aboutObjects()) {
      if (operation.method !== 'GET') continue;
      const { status } = await send(operation, world.people.owner, { workspaceId: world.workspaceId });
      expect([operation.name, status < 400 || status === 422]).toEqual([operation.name, true]);
    }
    const { body } = await chatter.call('GET', `/approvals/${world.objects.get('approvals')}`, {
      as: world.people.owner,
      headers: { 'X-Workspace-Id': world.workspaceId },
    });
    expect(body.status).toBe('pending');
  });
});

/** The query parameters that an operation cannot do without. */
function queryOf(parameters: ApiOperation['parameters']): string {
  const needed = parameters.filter((parameter) => parameter.in === 'query' && parameter.required);
  return needed.length === 0
    ? ''
    : `?${new URLSearchParams(needed.map(({ name, schema }): [string, string] => [name, String(sampleOf(schema))])).toString()}`;
}

function unknownId(_kind: string, id: string): string {
  if (/^\d+$/.test(id)) return '999';
  return /^[0-9a-f-]{36}$/.test(id) ? newId() : `no-${id}`;
}

/** An answer without what every answer has of its own: ids, times, the address. */
function impersonal({ status, body }: Answer, world: TenantWorld): string {
  const { instance: _instance, traceId: _traceId, ...rest } = (body ?? {}) as Record<string, unknown>;
  const text = JSON.stringify({ status, ...rest })
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"|"durationMs":\d+/g, 'TIME');
  return text.replaceAll(`no-${world.canary}`, 'NAME').replaceAll(world.canary, 'NAME');
}

const secretsOf = ({ canary, workspaceId, objects }: TenantWorld): readonly string[] =>
  [canary, workspaceId, ...objects.values()].filter((value) => value.length > 8);

/** Members at the top of a body that hold ids. */
function idMembers(body: JsonSchema | undefined): readonly string[] {
  const properties = (body?.['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  return Object.entries(properties).flatMap(([name, schema]) => {
    const items = (schema['items'] ?? schema) as JsonSchema;
    return items['format'] === 'uuid' ? [name] : [];
  });
}

/** What each operation asks of its caller, by its name. */
function requiredAccess({ app }: TestApp): ReadonlyMap<string, RequiredAccess> {
  const scanner = new MetadataScanner();
  const controllers = app.get(DiscoveryService, { strict: false }).getControllers();
  const found = controllers.flatMap(({ metatype }) => {
    const prototype = (metatype as { prototype: Record<string, object> }).prototype;
    return scanner.getAllMethodNames(prototype).flatMap((name): [string, RequiredAccess][] => {
      const handler = prototype[name]!;
      const access = Reflect.getMetadata(REQUIRED_ACCESS, handler) as RequiredAccess | undefined;
      const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
      if (!access || method === undefined) return [];
      const parts = [metatype!, handler].map((target) => String(Reflect.getMetadata(PATH_METADATA, target)));
      const path = parts
        .flatMap((part) => part.split('/'))
        .filter(Boolean)
        .join('/');
      return [[`${RequestMethod[method]} /api/v1/${path.replace(/:(\w+)/g, '{$1}')}`, access]];
    });
  });
  return new Map(found);
}
