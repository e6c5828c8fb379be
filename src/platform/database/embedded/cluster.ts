import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { unrunnable, type Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import type { Machine } from './machine.js';
import type { Place } from './place.js';
import { commandOf, type ServerUser } from './server-user.js';

const INITDB_OPTIONS = ['-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-instructions'];

/**
 * Makes the cluster when there is none. It grows under another name and appears whole, so a kill leaves no half-made
 * one, and of several processes that do it at once one wins.
 * @returns whether this call made it
 * @throws EmbeddedPostgresError when the cluster is of another major version, or no cluster
 */
export async function ensureCluster(
  { cluster, user }: Place,
  binaries: Binaries,
  { isNamed }: Machine,
  signal?: AbortSignal,
): Promise<boolean> {
  if (await isCluster(cluster, binaries)) return false;
  const parent = dirname(cluster);
  await removeAbandonedDrafts(parent, basename(cluster));
  const draft = join(parent, `${basename(cluster)}.new-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await mkdir(draft, { mode: 0o700 });
    if (user.mode === 'switched') await chown(draft, user.uid, user.gid);
    // initdb insists on the user's name; in a user namespace everyone is called nobody.
    const maker: ServerUser = user.mode === 'self' && !isNamed ? { ...user, mode: 'namespaced' } : user;
    await initdb(draft, maker, binaries, signal);
    await rename(draft, cluster);
    await sync(parent);
    return true;
  } catch (error) {
    if (await isCluster(cluster, binaries)) return false;
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new EmbeddedPostgresError(`${cluster} is not empty and not a database cluster: move it away.`, {
      cause: error,
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isCluster(cluster: string, { major }: Binaries): Promise<boolean> {
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version === undefined) return false;
  if (Number.parseInt(version, 10) === major) return true;
  throw new EmbeddedPostgresError(
    `The database in ${cluster} was made by PostgreSQL ${version.trim()}, the embedded one is ${major}: dump it with pg_dump of version ${version.trim()} and restore it into an empty DATA_DIR, or run it on a server of its own and set DATABASE_URL.`,
  );
}

function initdb(directory: string, user: ServerUser, binaries: Binaries, signal?: AbortSignal): Promise<void> {
  const { file, args, options } = commandOf(user, binaries.initdb, ['-D', directory, ...INITDB_OPTIONS]);
  return new Promise((done, fail) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], signal });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', (error) => fail(signal?.aborted ? error : unrunnable(binaries.initdb, error)));
    child.once('close', (code) => {
      if (code === 0) done();
      else
        fail(
          new EmbeddedPostgresError(
            `initdb of the embedded PostgreSQL failed with code ${code}; should the machine forbid it, set DATABASE_URL:\n${output.trim().slice(-2000)}`,
          ),
        );
    });
  });
}

/** Drafts of processes that were killed. */
async function removeAbandonedDrafts(parent: string, name: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    const [prefix, pid] = entry.split('.new-');
    if (prefix !== name || pid === undefined || isAlive(Number.parseInt(pid, 10))) continue;
    await rm(join(parent, entry), { recursive: true, force: true, maxRetries: 3 });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Makes the rename survive a power cut. */
async function sync(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
