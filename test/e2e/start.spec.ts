import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { openStream, textOf } from '../support/sse.js';

describe('node dist/main.js', () => {
  const servers = new Servers();

  afterEach(() => servers.clean());

  const hello = async (server: ServerProcess): Promise<string> => {
    const live = await openStream(`${server.url}/api/v1/chat`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${server.apiKey}` },
      body: { message: 'Say exactly: hello' },
    });
    const { frames, done } = await live.whole();
    expect([live.status, done]).toEqual([200, true]);
    return textOf(frames.map(({ event }) => event));
  };
  /** The database server of a data directory, while it runs. */
  const postmaster = async (dataDir: string): Promise<number | undefined> => {
    const text = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : Number(text.split('\n')[0]);
  };

  it('starts from nothing in a folder whose name has blanks and more, and prints a command that works', async () => {
    const dataDir = join(await servers.folder(), `my data, "über" & 'more'`, 'below');
    const server = await servers.start({ DATA_DIR: dataDir });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const command = server.output.slice(server.output.indexOf('curl'));
    const output = execFileSync('bash', ['-c', command.replace('curl', 'curl -sS')], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(output).toMatch(/^id: 1\ndata: \{"type":"start"/);
    expect(output).toMatch(/\n\ndata: \[DONE\]\n\n$/);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${server.url}/docs`)).status).toBe(200);

    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(await postmaster(dataDir)).toBeUndefined();
    expect(server.errors).toBe('');
  });

  it('starts again in the same folder after kill -9, with the same user, key and conversations', async () => {
    const dataDir = join(await servers.folder(), 'data');
    const first = await servers.start({ DATA_DIR: dataDir });
    expect(await hello(first)).toBe('hello');
    await first.kill();
    expect(await postmaster(dataDir)).toBeGreaterThan(0);

    const second = await servers.start({ DATA_DIR: dataDir });
    expect(second.apiKey).toBe(first.apiKey);
    expect(await hello(second)).toBe('hello');
    const as = { headers: { Authorization: `Bearer ${second.apiKey}` } };
    expect((await second.api.call('GET', '/runs', { as })).body.items).toHaveLength(2);

    process.kill((await postmaster(dataDir))!, 'SIGKILL');
    await second.kill();
    const third = await servers.start({ DATA_DIR: dataDir });
    expect((await third.api.call('GET', '/runs', { as })).body.items).toHaveLength(2);
    third.signal('SIGINT');
    expect(await third.exited).toEqual({ code: 0, signal: null });
    expect(await postmaster(dataDir)).toBeUndefined();
  });

  it('runs twice side by side, each in a folder of its own', async () => {
    const folders = [join(await servers.folder(), 'one'), join(await servers.folder(), 'two')];
    const [one, two] = await Promise.all(folders.map((DATA_DIR) => servers.start({ DATA_DIR })));
    expect(one!.url).not.toBe(two!.url);
    expect(await Promise.all([hello(one!), hello(two!)])).toEqual(['hello', 'hello']);
    const crossed = await fetch(`${one!.url}/api/v1/runs`, { headers: { Authorization: `Bearer ${two!.apiKey}` } });
    expect(crossed.status).toBe(401);
    expect((await one!.stop()).code).toBe(0);
    expect(await hello(two!)).toBe('hello');
    expect((await two!.stop()).code).toBe(0);
  });

  it('runs twice on one folder: one database, both serve, the last to leave stops it', async () => {
    const dataDir = join(await servers.folder(), 'data');
    const [one, two] = await Promise.all([servers.start({ DATA_DIR: dataDir }), servers.start({ DATA_DIR: dataDir })]);
    expect(one.apiKey).toBe(two.apiKey);
    expect(await Promise.all([hello(one), hello(two)])).toEqual(['hello', 'hello']);
    expect((await one.stop()).code).toBe(0);
    expect(await hello(two)).toBe('hello');
    expect((await two.stop()).code).toBe(0);
    expect(await postmaster(dataDir)).toBeUndefined();
  });

  it('tells of every fault of the environment at once and ends with 1, before it touches anything', async () => {
    const folder = await servers.folder();
    const server = servers.spawn({
      DATA_DIR: join(folder, 'data'),
      PORT: '70000',
      LOG_LEVEL: 'loud',
      RUN_LEASE_MS: 'soon',
      DATABASE_URL: 'mysql://x',
      DATABASE_SCHEMA: 'Robert"); DROP',
      EXPOSE_DOCS: 'maybe',
      ENCRYPTION_KEY: Buffer.from('short and secret').toString('base64'),
    });
    expect(await server.exited).toEqual({ code: 1, signal: null });
    const names = [
      'PORT',
      'LOG_LEVEL',
      'RUN_LEASE_MS',
      'DATABASE_URL',
      'DATABASE_SCHEMA',
      'EXPOSE_DOCS',
      'ENCRYPTION_KEY',
    ];
    for (const name of names) expect(server.errors).toMatch(new RegExp(`^\\s+- ${name}: `, 'm'));
    expect(server.errors).toContain(`${names.length} fault(s)`);
    expect(server.errors).not.toContain(Buffer.from('short and secret').toString('base64'));
    expect(server.errors).not.toMatch(/\.js:\d/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses an unknown default model, and a database that is not there, each with a sentence and 1', async () => {
    const folder = await servers.folder();
    for (const [environment, said] of [
      [{ DEFAULT_MODEL: 'scripted:nope', DATA_DIR: join(folder, 'data') }, /scripted:nope/],
      [{ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' }, /ECONNREFUSED/],
    ] as const) {
      const server = servers.spawn(environment);
      expect(await server.exited).toEqual({ code: 1, signal: null });
      expect(server.output).toMatch(said);
      expect(server.url).toBeUndefined();
    }
    expect(await postmaster(join(folder, 'data'))).toBeUndefined();
  });

  it('ends with 1 when its port is taken, and leaves no database running', async () => {
    const dataDir = join(await servers.folder(), 'data');
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    try {
      const server = servers.spawn({ DATA_DIR: dataDir, PORT: String(port) });
      expect(await server.exited).toEqual({ code: 1, signal: null });
      expect(server.errors).toMatch(/EADDRINUSE|in use/);
      expect(await postmaster(dataDir)).toBeUndefined();
    } finally {
      taken.close();
    }
  });
});
