import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McpClientConfig } from './mcp-client.config.js';
import { ServerFile } from './server-file.js';

const ONE = { name: 'files', command: '/usr/bin/node', args: ['server.js'], workspaces: 'all' };

describe('the file of servers', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mcp-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  const fileOf = (content: unknown, environment: Readonly<Record<string, string>> = {}): ServerFile => {
    const path = join(directory, `${randomUUID()}.json`);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return new ServerFile(new McpClientConfig({ MCP_SERVERS_FILE: path }), environment);
  };

  it('may be absent', () => {
    expect(new ServerFile(new McpClientConfig({}), {}).of('w')).toEqual([]);
  });

  it('names a command, its arguments and nothing else that runs', () => {
    expect(fileOf({ servers: [ONE] }).of('w')).toEqual([
      { name: 'files', command: '/usr/bin/node', args: ['server.js'], environment: {}, cwd: '/' },
    ]);
  });

  it('hands on the variables it names, of those that there are', () => {
    const file = fileOf({ servers: [{ ...ONE, env: ['TOKEN', 'OTHER', 'constructor'] }] }, { TOKEN: 't', SECRET: 's' });
    expect(file.find('w', 'files')?.environment).toEqual({ TOKEN: 't' });
  });

  it('says which workspaces may use a server', () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const file = fileOf({ servers: [{ ...ONE, workspaces: [one] }] });
    expect(file.of(one)).toHaveLength(1);
    expect(file.find(other, 'files')).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['cannot be read', '{'],
    ['absolute path', { servers: [{ ...ONE, command: 'node' }] }],
    ['absolute path', { servers: [{ ...ONE, cwd: '.' }] }],
    ['must be a letter', { servers: [{ ...ONE, name: 'My Files' }] }],
    ['workspaces', { servers: [{ ...ONE, workspaces: undefined }] }],
    ['Unrecognized', { servers: [{ ...ONE, shell: true }] }],
    ['name of a variable', { servers: [{ ...ONE, env: ['A=B'] }] }],
    ['one name to two servers', { servers: [ONE, ONE] }],
    ['expected object', []],
  ])('does not start otherwise: %s', (reason, content) => {
    expect(() => fileOf(content)).toThrow(reason);
  });
});
