import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../src/platform/clock/id.js';
import { ToolCatalogue } from '../../src/tool/tool-catalogue.js';
import type { OfferedTool } from '../../src/tool/tool-source.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

type Json = ReturnType<typeof JSON.parse>;

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('a tool of the operator’s folder', () => {
  let directory: string;
  let crm: Server;
  let origin: string;
  let chatter: TestApp;
  let anna: SignedIn;
  const received: Received[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'chatter-tools-'));
    crm = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { method, url, headers } = request;
        received.push({ method, url, headers, body: Buffer.concat(parts).toString() });
        response.writeHead(url === '/customers/404' ? 404 : 200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ seen: url }));
      });
    });
    await new Promise<void>((done) => crm.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(crm.address() as AddressInfo).port}`;
    await put('customer.json', customer());
    await put('order.json', {
      name: 'crm_order',
      description: 'Orders something.',
      method: 'POST',
      url: `${origin}/customers/{{id}}/orders`,
      parameters: {
        properties: { id: { type: 'string' }, sku: { type: 'string' }, n: { type: 'integer' } },
        required: ['id', 'sku'],
      },
    });
    await put('broken.json', '{"name": "broken"');
    await put('notes.txt', 'no tool');
    chatter = await startApp({
      TOOLS_DIR: directory,
      TOOL_SECRET_CRM: 'canary-of-the-crm',
      EGRESS_ALLOW: `127.0.0.1:${new URL(origin).port}`,
      LOG_LEVEL: 'silent',
    });
    anna = await chatter.register();
  });
  afterAll(async () => {
    await chatter.close();
    crm.close();
    await rm(directory, { recursive: true });
  });
  beforeEach(() => void (received.length = 0));

  const customer = (parts: object = {}) => ({
    name: 'crm_customer',
    description: 'Reads a customer.',
    url: `${origin}/customers/{{id}}?fields={{fields}}`,
    parameters: { properties: { id: { type: ['string', 'integer'] }, fields: { type: 'string' } }, required: ['id'] },
    headers: { 'X-Client': 'chatter' },
    secret: { header: 'Authorization', prefix: 'Bearer ', env: 'TOOL_SECRET_CRM' },
    ...parts,
  });
  const put = async (file: string, content: unknown): Promise<void> => {
    const path = join(directory, file);
    await writeFile(`${path}.new`, typeof content === 'string' ? content : JSON.stringify(content));
    await rename(`${path}.new`, path);
  };
  const find = (name: string) => chatter.app.get(ToolCatalogue).find(anna.user.personalWorkspaceId, name);
  const call = async (tool: OfferedTool | undefined, args: unknown): Promise<Json> => {
    const context = { workspaceId: anna.user.personalWorkspaceId, userId: anna.user.id, callId: 'c' };
    const signal = new AbortController().signal;
    return tool!.call(await tool!.parse(args), { ...context, idempotencyKey: 'key-of-the-call', signal });
  };

  it('asks the address it declares, with its headers and its secret', async () => {
    const tool = await find('crm_customer');
    expect(tool).toMatchObject({ risk: 'low', effect: 'read', source: { kind: 'declared' }, unavailable: undefined });
    expect(JSON.stringify(tool)).not.toContain('canary-of-the-crm');
    expect(await call(tool, { id: 'a/b', fields: 'name&x' })).toEqual({
      status: 200,
      body: { seen: '/customers/a%2Fb?fields=name%26x' },
    });
    expect(received).toMatchObject([
      { method: 'GET', body: '', headers: { 'x-client': 'chatter', authorization: 'Bearer canary-of-the-crm' } },
    ]);
  });

  it('sends what the address does not name as JSON, and the key of the call', async () => {
    const tool = await find('crm_order');
    expect(tool).toMatchObject({ risk: 'medium', effect: 'once' });
    await call(tool, { id: '7', sku: 'tea', n: 2 });
    expect(received).toMatchObject([
      { method: 'POST', url: '/customers/7/orders', headers: { 'idempotency-key': 'key-of-the-call' } },
    ]);
    expect(JSON.parse(received[0]!.body)).toEqual({ sku: 'tea', n: 2 });
  });

  it.each<[unknown, string]>([
    [{}, 'tool-arguments-invalid'],
    [{ id: 1, other: 2 }, 'tool-arguments-invalid'],
    [{ id: '../admin' }, 'tool-arguments-invalid'],
    ['text', 'tool-arguments-invalid'],
    [{ id: '404' }, 'tool-failed'],
  ])('called with %j fails: %s', async (args, slug) => {
    await expect(call(await find('crm_customer'), args)).rejects.toMatchObject({ type: { slug } });
  });

  it('reaches what the guard allows only', async () => {
    await put('inside.json', { name: 'inside', description: 'x', url: 'http://127.0.0.2:1/' });
    const tool = await eventually(() => find('inside'));
    await expect(call(tool, {})).rejects.toMatchObject({ type: { slug: 'egress-refused' } });
  });

  it('sends a secret of the workspace to its hosts alone', async () => {
    const body = { name: `crm-${newId()}`, value: 'canary-of-anna', hosts: ['crm.example'] };
    const { id: secretId } = (await chatter.call('POST', '/secrets', { as: anna, body })).body;
    await put('own.json', customer({ name: 'own', secret: { header: 'X-Key', secretId } }));
    const tool = await eventually(() => find('own'));
    await expect(call(tool, { id: 1 })).rejects.toMatchObject({ type: { slug: 'secret-host-not-allowed' } });
    expect(received).toEqual([]);
  });

  it('comes, changes and goes with its file, and a faulty one takes no other with it', async () => {
    await put('late.json', { name: 'late', description: 'First.', url: `${origin}/late` });
    expect(await eventually(() => find('late'))).toMatchObject({ description: 'First.' });
    await put('late.json', { name: 'late', description: 'Second.', url: `${origin}/late` });
    await eventually(async () => (await find('late'))?.description === 'Second.');
    await put('late.json', { name: 'late', url: 'https://{{host}}/' });
    await eventually(async () => (await find('late')) === undefined);
    expect(await call(await find('crm_customer'), { id: 1 })).toMatchObject({ status: 200 });
    await rm(join(directory, 'late.json'));
    await rm(join(directory, 'order.json'));
    await eventually(async () => (await find('crm_order')) === undefined);
    expect(await find('crm_customer')).toBeDefined();
  });

  it('that lacks its secret says so, and cannot name another variable', async () => {
    await put('thief.json', customer({ name: 'thief', secret: { header: 'X-Key', env: 'ENCRYPTION_KEY' } }));
    await put('poor.json', customer({ name: 'poor', secret: { header: 'X-Key', env: 'TOOL_SECRET_NONE' } }));
    expect((await eventually(() => find('poor'))).unavailable).toContain('TOOL_SECRET_NONE');
    expect(await find('thief')).toBeUndefined();
  });
});
