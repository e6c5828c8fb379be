import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { Problem } from '../../src/platform/problem/problem.js';
import { SecretStore } from '../../src/security/secret/secret-store.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';

describe('secrets', () => {
  let chatter: TestApp;
  let sql: Client;
  let ada: SignedIn;
  let names = 0;

  beforeAll(async () => {
    chatter = await startApp();
    sql = new Client(chatter.database.connection);
    await sql.connect();
    ada = await chatter.register();
  });
  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });

  const post = (body: object, as = ada, headers: Readonly<Record<string, string>> = {}) =>
    chatter.call('POST', '/secrets', { as, body, headers });
  const made = async (parts: object = {}, as = ada) => {
    const body = { name: `secret ${++names}`, value: `value ${names}`, hosts: ['api.example.com'], ...parts };
    const answer = await post(body, as);
    expect(answer.status).toBe(201);
    return answer.body as { readonly id: string; readonly name: string };
  };
  const reveal = (secretId: string, host = 'api.example.com', as = ada) =>
    chatter.app
      .get(SecretStore, { strict: false })
      .reveal({ workspaceId: as.user.personalWorkspaceId, secretId, host });
  const slugOf = async (promise: Promise<unknown>) =>
    promise.then(
      () => 'none',
      (error: unknown) => (error instanceof Problem ? error.type.slug : String(error)),
    );

  it('are made, read, listed and removed, always without their value', async () => {
    const answer = await post({
      name: 'crm',
      value: 'the value of crm',
      hosts: ['API.Example.com', '*.example.org', 'crm.example.net:8443'],
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/api/v1/secrets/${answer.body.id}`);
    expect(answer.body).toEqual({
      id: expect.any(String),
      name: 'crm',
      hosts: ['api.example.com', '*.example.org', 'crm.example.net:8443'],
      provider: null,
      version: 1,
      lastUsedAt: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect((await chatter.call('GET', `/secrets/${answer.body.id}`, { as: ada })).body).toEqual(answer.body);
    expect((await chatter.call('GET', '/secrets', { as: ada })).body.items).toContainEqual(answer.body);
    expect((await chatter.call('DELETE', `/secrets/${answer.body.id}`, { as: ada })).status).toBe(204);
    for (const method of ['GET', 'DELETE'])
      expect((await chatter.call(method, `/secrets/${answer.body.id}`, { as: ada })).status).toBe(404);
    expect(await slugOf(reveal(answer.body.id))).toBe('secret-not-found');
  });

  it('are listed page by page, newest first', async () => {
    const bob = await chatter.register();
    for (const name of ['1', '2', '3']) await made({ name }, bob);
    const first = (await chatter.call('GET', '/secrets?limit=2', { as: bob })).body;
    const second = (await chatter.call('GET', `/secrets?limit=2&cursor=${first.nextCursor}`, { as: bob })).body;
    expect([...first.items, ...second.items].map(({ name }: { name: string }) => name)).toEqual(['3', '2', '1']);
    expect(second.nextCursor).toBeNull();
  });

  it('have names of their own within a workspace, also when made at once', async () => {
    const body = { name: 'twice', value: 'v', hosts: ['api.example.com'] };
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
    expect((await post(body, await chatter.register())).status).toBe(201);
  });

  it.each([
    [{ hosts: undefined }, '/hosts'],
    [{ hosts: [] }, '/hosts'],
    [{ hosts: ['https://example.com/'] }, '/hosts/0'],
    [{ hosts: ['api.example.com', '*'] }, '/hosts/1'],
    [{ hosts: Array.from({ length: 21 }, (_, index) => `h${index}.example.com`) }, '/hosts'],
    [{ value: '' }, '/value'],
    [{ value: 'a'.repeat(16_385) }, '/value'],
    [{ value: 7 }, '/value'],
    [{ name: '' }, '/name'],
    [{ provider: 'nobody' }, '/provider'],
    [{ provider: '__proto__' }, '/provider'],
    [{ version: 2 }, '/version'],
  ])('are refused with the field at fault, which is not repeated: %j', async (parts, pointer) => {
    const value = 'canary-of-a-refused-value';
    const { status, body } = await post({ name: 'refused', value, hosts: ['api.example.com'], ...parts });
    expect(status).toBe(422);
    expect(body.errors).toContainEqual({ pointer, detail: expect.any(String) });
    expect(JSON.stringify(body)).not.toContain(value);
  });

  it('give their value to the hosts they are for, and to no other', async () => {
    const { id } = await made({ value: 'for example only', hosts: ['api.example.com:443', '*.example.org'] });
    expect(await reveal(id, 'https://api.example.com/v1')).toBe('for example only');
    expect(await reveal(id, 'a.example.org')).toBe('for example only');
    for (const host of ['api.example.com', 'http://api.example.com/', 'example.org', 'attacker.example'])
      expect(await slugOf(reveal(id, host))).toBe('secret-host-not-allowed');
    const { lastUsedAt } = (await chatter.call('GET', `/secrets/${id}`, { as: ada })).body;
    expect(Date.parse(lastUsedAt)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('have another value and data key after each rotation, and one version more', async () => {
    const { id } = await made({ value: 'old' });
    const keys = async () => (await sql.query('SELECT sealed_key FROM secret WHERE id = $1', [id])).rows[0].sealed_key;
    const before = (await keys()) as Buffer;
    const rotate = (value: string) => chatter.call('POST', `/secrets/${id}/rotate`, { as: ada, body: { value } });
    expect(await rotate('new')).toMatchObject({ status: 200, body: { id, version: 2 } });
    expect(await reveal(id)).toBe('new');
    expect(before.equals((await keys()) as Buffer)).toBe(false);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => rotate(`value ${index}`)));
    expect(answers.map(({ body }) => body.version).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 3),
    );
    expect(await reveal(id)).toBe(`value ${answers.findIndex(({ body }) => body.version === 22)}`);
  });

  it('leave their making, rotation, removal and every refused use in the audit log, without a value', async () => {
    const { id } = await made({ value: 'canary-of-the-audit', hosts: ['api.example.com'] });
    await chatter.call('POST', `/secrets/${id}/rotate`, { as: ada, body: { value: 'canary-of-the-audit' } });
    await slugOf(reveal(id, 'https://attacker.example/?q=private'));
    await chatter.call('DELETE', `/secrets/${id}`, { as: ada });
    const { rows } = await sql.query('SELECT * FROM audit WHERE subject = $1 ORDER BY id', [`secret:${id}`]);
    const workspaceId = ada.user.personalWorkspaceId;
    expect(rows).toMatchObject([
      { action: 'secret.created', outcome: 'ok', actor_id: ada.user.id, workspace_id: workspaceId },
      { action: 'secret.rotated', outcome: 'ok', actor_id: ada.user.id },
      { action: 'secret.used', outcome: 'denied', workspace_id: workspaceId },
      { action: 'secret.deleted', outcome: 'ok', actor_id: ada.user.id },
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/canary|private/);
  });

  it('do not exist for other workspaces', async () => {
    const { id } = await made();
    const eve = await chatter.register();
    for (const [method, path, body] of [
      ['GET', `/secrets/${id}`],
      ['DELETE', `/secrets/${id}`],
      ['POST', `/secrets/${id}/rotate`, { value: 'mine now' }],
    ] as const) {
      const foreign = await chatter.call(method, path, { as: eve, body });
      const missing = await chatter.call(method, path.replace(id, '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b'), {
        as: eve,
        body,
      });
      expect([foreign.status, foreign.body.detail]).toEqual([404, missing.body.detail]);
    }
    expect((await chatter.call('GET', '/secrets', { as: eve })).body.items).toEqual([]);
    expect(await slugOf(reveal(id, 'api.example.com', eve))).toBe('secret-not-found');
    expect(await reveal(id)).toMatch(/^value/);
  });

  it('are the business of admins, and of keys with the scope', async () => {
    const bob = await chatter.register();
    const workspace = (await chatter.call('POST', '/workspaces', { as: ada, body: { name: 'Shared' } })).body.id;
    const inside = { 'X-Workspace-Id': workspace as string };
    const members = `/workspaces/${workspace}/members`;
    await chatter.call('POST', members, { as: ada, body: { email: bob.user.email, role: 'editor' } });
    const body = { name: 'x', value: 'v', hosts: ['api.example.com'] };
    expect((await chatter.call('GET', '/secrets', { as: bob, headers: inside })).status).toBe(403);
    expect((await post(body, bob, inside)).status).toBe(403);
    await chatter.call('PATCH', `${members}/${bob.user.id}`, { as: ada, body: { role: 'admin' } });
    expect((await post(body, bob, inside)).status).toBe(201);

    const { key } = (
      await chatter.call('POST', '/auth/api-keys', { as: ada, body: { name: 'r', scopes: ['secrets:read'] } })
    ).body;
    const reader = { headers: { Authorization: `Bearer ${key as string}` } };
    expect((await chatter.call('GET', '/secrets', { as: reader })).status).toBe(200);
    expect((await chatter.call('POST', '/secrets', { as: reader, body })).status).toBe(403);
  });

  it('are not told by a repeated request, nor by anything stored', async () => {
    const value = 'canary-7c1f-value-of-a-secret';
    const body = { name: 'repeated', value, hosts: ['api.example.com'] };
    const headers = { 'Idempotency-Key': 'once' };
    const [first, again] = [await post(body, ada, headers), await post(body, ada, headers)];
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
    await chatter.call('POST', `/secrets/${first.body.id}/rotate`, { as: ada, body: { value: `${value}-2` }, headers });
    expect(await reveal(first.body.id)).toBe(`${value}-2`);
    expect(await everythingStored(sql)).not.toContain('canary-7c1f');
    const guess = createHash('sha256')
      .update(JSON.stringify([body, {}]))
      .digest();
    expect((await sql.query('SELECT 1 FROM idempotency_key WHERE body_hash = $1', [guess])).rowCount).toBe(0);
  });
});

/** Every row of every table, as text; bytes also as the text that they may be. */
async function everythingStored(sql: Client): Promise<string> {
  const { rows: tables } = await sql.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()`,
  );
  const parts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql.query(`SELECT * FROM "${name}"`);
    parts.push(
      JSON.stringify(rows),
      ...rows.flatMap((row: object) => Object.values(row).filter(Buffer.isBuffer)).map(String),
    );
  }
  expect(tables.length).toBeGreaterThan(10);
  return parts.join('\n');
}
