import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { binariesFor, findBinaries } from '../../src/platform/database/embedded/binaries.js';
import { Claim } from '../../src/platform/database/embedded/claim.js';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '../../src/platform/database/embedded/embedded-postgres.js';
import { thisMachine } from '../../src/platform/database/embedded/machine.js';
import { ownDirectory } from '../../src/platform/database/embedded/own-directory.js';
import { postmasterOf } from '../../src/platform/database/embedded/postmaster.js';
import { NOBODY } from '../../src/platform/database/embedded/server-user.js';

const isRoot = process.getuid?.() === 0;
const tried = isRoot ? it : it.skip;
/** A case that only root can try. */
const asRoot = (name: string, work: () => Promise<void>): void =>
  tried(isRoot ? name : `${name} (only root can try it)`, work);

describe('The embedded PostgreSQL', () => {
  let home: string;
  let dataDir: string;
  let servers: EmbeddedPostgres[];
  let children: ChildProcess[];

  beforeEach(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'chatter-embedded-')));
    await chmod(home, 0o755);
    dataDir = join(home, 'data');
    servers = [];
    children = [];
  });

  afterEach(async () => {
    for (const child of children) await kill(child);
    for (const server of servers) await server.stop();
    const left = await runningOn(dataDir);
    if (left !== undefined) process.kill(left, 'SIGKILL');
    for (const { connection } of servers) await rm(connection.host, { recursive: true, force: true });
    await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    expect(left).toBeUndefined();
  });

  it('starts on a directory that does not exist, and keeps what was written over a restart', async () => {
    const first = await start();
    expect(first.adopted).toBe(false);
    await query(first.url, `create table note as select 'kept' as text`);
    await first.stop();
    expect(await runningOn(dataDir)).toBeUndefined();

    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await query(second.url, 'select text from note')).toEqual([{ text: 'kept' }]);
  });

  it('serves a UTF-8 database in which letters beyond ASCII have case', async () => {
    const { url } = await start();
    expect(await query(url, `select lower('ÄÉЖ') as lower, current_database() as name`)).toEqual([
      { lower: 'äéж', name: 'chatter' },
    ]);
  });

  it('is durable, and reachable by its user alone', async () => {
    const { connection, url } = await start();
    expect((await stat(connection.host)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700);
    const settings = ['listen_addresses', 'fsync', 'synchronous_commit', 'full_page_writes'];
    expect(await query(url, `select setting from pg_settings where name = any($1) order by name`, [settings])).toEqual([
      { setting: 'on' },
      { setting: 'on' },
      { setting: '' },
      { setting: 'on' },
    ]);
  });

  it.each(['a b', 'comma, "quote" and \'tick\'', 'größe 100%', 'a'.repeat(100)])(
    'serves from a data directory named %p',
    async (name) => {
      dataDir = join(home, name, 'data');
      const { connection, url } = await start();
      expect(Buffer.byteLength(join(connection.host, '.s.PGSQL.5432'))).toBeLessThanOrEqual(107);
      expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
      const client = new Client(connection);
      await client.connect();
      await client.end();
    },
  );

  it('keeps the socket of a long path in the same directory at every start', async () => {
    dataDir = join(home, 'a'.repeat(100));
    const first = await start();
    await first.stop();
    const second = await start();
    expect(second.connection).toEqual(first.connection);
  });

  it.each(['SIGKILL', 'SIGINT'] as const)(
    'adopts a server after %s to its starter and all below, and stops it',
    async (signal) => {
      const { child, url } = await startInProcess();
      await query(url, `create table note as select 'kept' as text`);
      const pid = await runningOn(dataDir);
      process.kill(-(child.pid ?? 0), signal);
      await once(child, 'exit');

      const server = await start();
      expect(server.adopted).toBe(true);
      expect(await runningOn(dataDir)).toBe(pid);
      expect(await query(server.url, 'select text from note')).toEqual([{ text: 'kept' }]);
      await server.stop();
      expect(await runningOn(dataDir)).toBeUndefined();
    },
  );

  it('lets one of several concurrent first starts win and the others adopt', async () => {
    const [a, b, c] = await Promise.all([startInProcess(), startInProcess(), start()]);
    expect([a.adopted, b.adopted, c.adopted].filter((adopted) => !adopted)).toHaveLength(1);
    expect(new Set([a.url, b.url, c.url]).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(['postgres', 'postgres.log', 'socket']);
  });

  it('is shut down by the last of the processes that use it', async () => {
    const { child, url } = await startInProcess();
    const server = await start();
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect(await runningOn(dataDir)).toBeUndefined();
  });

  it('is left running for a connection that is still open, and for a process that comes after', async () => {
    const server = await start();
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await server.stop();
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.end();
    expect((await start()).adopted).toBe(true);
  });

  it('is left running by leave()', async () => {
    const server = await start();
    await server.leave();
    expect((await start()).adopted).toBe(true);
  });

  it('holds off those who come while the last one shuts it down', async () => {
    const { connection } = await start();
    await servers[0]!.leave();
    const claim = await Claim.take(connection);
    let early: unknown;
    let late: Promise<Claim> | undefined;
    await claim.giveUp(async () => {
      late = Claim.take(connection);
      early = await Promise.race([late, setTimeout(200)]);
    });
    expect(early).toBeUndefined();
    await (await late)?.giveUp();
    await start();
  });

  it('survives starts and stops that overlap', async () => {
    await Promise.all(
      Array.from({ length: 6 }, async (_, turn) => {
        await setTimeout(turn * 60);
        const server = await start();
        expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
        await server.stop();
      }),
    );
    expect(await runningOn(dataDir)).toBeUndefined();
  });

  it('starts after its main process was killed under a busy connection, without losing a commit', async () => {
    const { child, url } = await startInProcess();
    await query(url, `create table note as select 'kept' as text`);
    const busy = query(url, 'select pg_sleep(60)').catch((error: Error) => error);
    await kill(child);
    process.kill((await runningOn(dataDir)) ?? 0, 'SIGKILL');

    const server = await start();
    expect(server.adopted).toBe(false);
    expect(await query(server.url, 'select text from note')).toEqual([{ text: 'kept' }]);
    expect(await busy).toBeInstanceOf(Error);
  });

  it('comes back at the same address when its main process is killed while it is in use', async () => {
    const { url } = await start();
    const killed = (await runningOn(dataDir)) ?? 0;
    process.kill(killed, 'SIGKILL');
    await until(async () => (await runningOn(dataDir)) !== undefined && query(url, 'select 1').catch(() => undefined));
    expect(await runningOn(dataDir)).not.toBe(killed);
  });

  it('stays when an administrator ends every connection', async () => {
    const server = await start();
    const pid = await runningOn(dataDir);
    await query(server.url, 'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()');
    await until(async () => (await query(server.url, `select from pg_locks where locktype = 'advisory'`)).length === 1);
    expect(await runningOn(dataDir)).toBe(pid);
    await server.stop();
    expect(await runningOn(dataDir)).toBeUndefined();
  });

  it('begins anew when a kill cut the making of the cluster short, and removes the remains', async () => {
    const child = spawnServer();
    await until(async () => (await readdir(dataDir).catch(() => [])).some((name) => name.includes('.new-')));
    await kill(child);
    await mkdir(join(dataDir, 'postgres.new-4194304-abcd'));
    await writeFile(join(dataDir, 'postgres.new-4194304-abcd', 'PG_VERSION'), '18\n');
    // What made it ends a moment after.
    await setTimeout(2_000);

    const { url } = await start();
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await readdir(dataDir)).toEqual(['postgres', 'postgres.log', 'socket']);
  });

  it('starts although the number in its pid and lock files now belongs to another process', async () => {
    const server = await start();
    await server.stop();
    const { uid, gid } = await stat(join(dataDir, 'postgres'));
    const stranger = spawn('sleep', ['60'], { uid, gid, cwd: '/' });
    children.push(stranger);
    const files = [join(dataDir, 'postgres', 'postmaster.pid'), join(server.connection.host, '.s.PGSQL.5432.lock')];
    for (const file of files) {
      await writeFile(file, `${stranger.pid}\n${dataDir}/postgres\n1\n5432\n${server.connection.host}\n\n0 0\nready\n`);
      await chown(file, uid, gid);
    }
    expect((await start()).adopted).toBe(false);
    expect(stranger.exitCode).toBeNull();
  });

  it('starts although a power cut left its pid file empty', async () => {
    await (await start()).stop();
    const { uid, gid } = await stat(join(dataDir, 'postgres'));
    const file = join(dataDir, 'postgres', 'postmaster.pid');
    await writeFile(file, '');
    await chown(file, uid, gid);
    expect((await start()).adopted).toBe(false);
  });

  it('gives a start up on demand and leaves no process behind', async () => {
    for (let ready = true; ready;) {
      await rm(join(dataDir, 'postgres.log'), { force: true });
      const abort = new AbortController();
      const started = startEmbeddedPostgres({ dataDir, signal: abort.signal });
      await until(() => stat(join(dataDir, 'postgres.log')).catch(() => undefined));
      abort.abort(new Error('enough'));
      const server = await started.catch(() => undefined);
      // One that was ready before that is no start to be given up.
      await server?.stop();
      ready = server !== undefined;
      expect(await runningOn(dataDir)).toBeUndefined();
    }
  });

  it('sets a large log aside at the start', async () => {
    await (await start()).stop();
    await truncate(join(dataDir, 'postgres.log'), 5_000_000);
    await start();
    expect((await stat(join(dataDir, 'postgres.log'))).size).toBeLessThan(10_000);
    expect((await stat(join(dataDir, 'postgres.log.1'))).size).toBe(5_000_000);
  });

  it('shows the end of the log when the server refuses to start', async () => {
    await (await start()).stop();
    await writeFile(join(dataDir, 'postgres', 'postgresql.conf'), 'no_such_setting = 1\n');
    await expect(start()).rejects.toThrow(/ended with code 1.*no_such_setting/s);
  });

  it('refuses a cluster of another major version and says what to do', async () => {
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 17, the embedded one is 18: .*DATABASE_URL/);
  });

  it('refuses to fill a directory that holds something else', async () => {
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'diary.txt'), 'dear me');
    await expect(start()).rejects.toThrow(/not a database cluster: move it away/);
    expect(await readdir(dataDir)).toEqual(['postgres']);
  });

  it('names the remedy when the data directory cannot be made', async () => {
    await writeFile(join(home, 'file'), '');
    dataDir = join(home, 'file', 'data');
    await expect(start()).rejects.toThrow(/cannot be set up in .*(EEXIST|ENOTDIR).*DATA_DIR.*DATABASE_URL/);
  });

  it('names DATABASE_URL where there are no binaries', async () => {
    const machine = thisMachine();
    await expect(start({ machine: { ...machine, arch: 's390x' } })).rejects.toThrow(/linux-s390x: set DATABASE_URL/);
    const other = machine.platform === 'darwin' ? 'linux' : 'darwin';
    await expect(start({ machine: { ...machine, platform: other } })).rejects.toThrow(/not installed: .*DATABASE_URL/);
  });

  it('makes the links that a skipped install script left out', async () => {
    const packaged = await packageCopy(join(home, 'package'));
    const { root } = await binariesFor({ mode: 'self', uid: 1, gid: 1 }, packaged, thisMachine());
    expect(root).toBe(packaged.root);
    expect(await versionBy(packaged.postgres)).toMatch(/^postgres \(PostgreSQL\) 18\./);
  });

  asRoot('copies binaries that the server cannot reach', async () => {
    const closed = join(home, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const packaged = await packageCopy(join(closed, 'package'));
    const machine = { ...thisMachine(), binaryHomes: [join(home, 'cache')] };
    const copy = await binariesFor(NOBODY, packaged, machine);
    expect(copy.root.startsWith(join(home, 'cache'))).toBe(true);
    expect(await versionBy(copy.postgres, 65534)).toMatch(/^postgres \(PostgreSQL\) 18\./);

    await unlink(copy.initdb);
    await binariesFor(NOBODY, packaged, machine);
    expect((await stat(copy.initdb)).mode & 0o777).toBe(0o755);
  });

  asRoot('runs as nobody when started by root', async () => {
    await start();
    expect((await stat(`/proc/${await runningOn(dataDir)}`)).uid).toBe(65534);
  });

  asRoot('runs as the owner of the cluster when started by root, and as that owner again', async () => {
    dataDir = join(home, 'owned');
    await mkdir(dataDir);
    await chown(dataDir, 33, 33);
    const { child } = await startInProcess({ uid: 33 });
    child.kill('SIGTERM');
    await once(child, 'exit');
    await start();
    expect((await stat(`/proc/${await runningOn(dataDir)}`)).uid).toBe(33);
    await servers[0]!.stop();

    const again = await startInProcess({ uid: 33 });
    expect(again.adopted).toBe(false);
    again.child.kill('SIGTERM');
    await once(again.child, 'exit');
  });

  asRoot('runs in a user namespace below a directory that only root can enter', async () => {
    dataDir = join(await closedHome(), 'x y', 'data');
    await mkdir(dataDir, { recursive: true });
    if (!(await thisMachine().namespaceAllows(dataDir))) return;
    const { url } = await start();
    expect(await query(url, 'show data_directory')).toEqual([{ data_directory: join(dataDir, 'postgres') }]);
    await servers[0]!.stop();
    expect((await start()).adopted).toBe(false);
  });

  asRoot('keeps the cluster elsewhere where user namespaces are forbidden', async () => {
    dataDir = join(await closedHome(), 'x y', 'data');
    const warnings: string[] = [];
    const machine = {
      ...thisMachine(),
      clusterHome: join(home, 'elsewhere'),
      namespaceAllows: () => Promise.resolve(false),
    };
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const [first] = await Promise.all([start({ machine, log }), start({ machine })]);
    expect(warnings.join()).toContain(join(home, 'elsewhere'));
    await query(first.url, `create table note as select 'kept' as text`);
    await Promise.all(servers.map((server) => server.stop()));

    const second = await start({ machine });
    expect(await query(second.url, 'select text from note')).toEqual([{ text: 'kept' }]);
    await second.stop();

    await rm(join(home, 'elsewhere'), { recursive: true });
    await expect(start({ machine })).rejects.toThrow(/is gone: bring it back, or remove the link/);
  });

  asRoot('refuses a directory that another user laid in its way', async () => {
    const path = join(home, 'chatter-0123');
    await mkdir(path);
    await chown(path, 33, 33);
    await expect(ownDirectory(path, 0o700)).rejects.toThrow(/belongs to another user \(uid 33\)/);
  });

  asRoot('tells an ordinary user whose database it is', async () => {
    await (await start()).stop();
    await chown(dataDir, 33, 33);
    const child = spawnServer({ uid: 33 });
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    expect(output).toMatch(/belongs to uid 65534, but this process runs as uid 33/);
  });

  async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
    const server = await startEmbeddedPostgres({ dataDir, ...options });
    servers.push(server);
    return server;
  }

  function spawnServer(options: { readonly uid?: number } = {}): ChildProcess {
    const [loader, program] = ['typescript.js', 'embedded-server.ts'].map((name) =>
      fileURLToPath(new URL(`../support/${name}`, import.meta.url)),
    );
    const args = ['--import', loader!, program!, dataDir];
    const child = spawn(process.execPath, args, { ...options, gid: options.uid, env: {}, detached: true });
    children.push(child);
    return child;
  }

  async function startInProcess(options: { readonly uid?: number } = {}) {
    const child = spawnServer(options);
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    for await (const line of createInterface({ input: child.stdout! })) {
      return { child, ...(JSON.parse(line) as { url: string; adopted: boolean }) };
    }
    throw new Error(errors);
  }

  async function closedHome(): Promise<string> {
    const closed = join(home, 'closed');
    await mkdir(closed, { mode: 0o700 });
    return closed;
  }
});

/** A copy of the platform's package as an install without scripts leaves it: without links. */
async function packageCopy(root: string) {
  const machine = thisMachine();
  const packaged = await findBinaries(machine);
  const links = JSON.parse(await readFile(join(packaged.root, 'native', 'pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[];
  const skipped = new Set(links.map(({ target }) => join(packaged.root, target)));
  await cp(packaged.root, root, { recursive: true, filter: (path) => !skipped.has(path) });
  const moved = (path: string) => path.replace(packaged.root, root);
  return { ...packaged, root, initdb: moved(packaged.initdb), postgres: moved(packaged.postgres) };
}

async function versionBy(postgres: string, uid?: number): Promise<string> {
  const child = spawn(postgres, ['-V'], { uid, gid: uid, cwd: '/' });
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return chunk.toString();
}

async function runningOn(dataDir: string): Promise<number | undefined> {
  const cluster = await realpath(join(dataDir, 'postgres')).catch(() => undefined);
  return cluster === undefined ? undefined : (await postmasterOf(cluster))?.pid;
}

async function query(url: string, text: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text, values)).rows as unknown[];
  } finally {
    await client.end();
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function until(holds: () => unknown): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('It did not happen within a minute.');
    await setTimeout(10);
  }
}
