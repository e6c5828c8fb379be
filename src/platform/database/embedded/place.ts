import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readlink, realpath, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import type { LauncherLog } from './launcher-log.js';
import type { Machine } from './machine.js';
import { ownDirectory } from './own-directory.js';
import { canReach, ENTER, NAMESPACED_ROOT, NOBODY, type ServerUser } from './server-user.js';
import { socketDirectoryOf } from './socket-directory.js';

/** Where the server of a data directory lives and who runs it. All paths are absolute and real. */
export interface Place {
  readonly dataDir: string;
  /** PostgreSQL's own data directory; it need not exist yet, its parent does. */
  readonly cluster: string;
  readonly socketDir: string;
  readonly user: ServerUser;
}

/**
 * Finds the place for a data directory, making the directory when it is missing. Normally the cluster is
 * `<dataDir>/postgres`. Root hands it to another user; when no other user can enter the directory (it is below /root),
 * the server runs in a user namespace, and where that is forbidden the cluster goes to /var/lib/chatter and
 * `<dataDir>/postgres` links to it.
 * @throws EmbeddedPostgresError when the cluster belongs to another user or its link leads nowhere
 */
export async function placeOf(dataDir: string, machine: Machine, log: LauncherLog): Promise<Place> {
  await mkdir(dirname(resolve(dataDir)), { recursive: true });
  await mkdir(dataDir, { recursive: true, mode: machine.uid === 0 ? 0o711 : 0o700 });
  const real = await realpath(dataDir);
  const { cluster, user } = await (machine.uid === 0 ? asRoot(real, machine, log) : asOneself(real, machine));
  return { dataDir: real, cluster, user, socketDir: await socketDirectoryOf(real, user, machine) };
}

type Choice = Pick<Place, 'cluster' | 'user'>;

async function asOneself(dataDir: string, { uid, gid }: Machine): Promise<Choice> {
  const cluster = join(dataDir, 'postgres');
  const found = await existing(cluster);
  if (found && found.uid !== uid) {
    throw new EmbeddedPostgresError(
      `The database in ${cluster} belongs to uid ${found.uid}, but this process runs as uid ${uid}: start as the same user as before (or as root), or change the owner.`,
    );
  }
  return { cluster: found?.path ?? cluster, user: { mode: 'self', uid, gid } };
}

async function asRoot(dataDir: string, machine: Machine, log: LauncherLog): Promise<Choice> {
  const cluster = join(dataDir, 'postgres');
  const found = await existing(cluster);
  const home = dirname(found?.path ?? cluster);
  if (home === dataDir) await openToServer(dataDir);
  const owner: ServerUser = found && found.uid !== 0 ? { mode: 'switched', uid: found.uid, gid: found.gid } : NOBODY;
  for (const user of [owner, NOBODY]) {
    if (await canReach(user, home, ENTER)) return { cluster: found?.path ?? cluster, user };
  }
  if (await machine.namespaceAllows(home)) return { cluster: found?.path ?? cluster, user: NAMESPACED_ROOT };
  if (found) {
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run as root, no other user can enter ${home}, and user namespaces are forbidden here: move the data directory, or set DATABASE_URL.`,
    );
  }
  const elsewhere = await relocate(dataDir, cluster, machine);
  log.warn(
    `No user but root can enter ${dataDir}, where PostgreSQL cannot run: the database is kept in ${elsewhere}, linked from ${cluster}.`,
  );
  return { cluster: elsewhere, user: NOBODY };
}

/** Lets others pass through the data directory itself, without seeing what is in it. */
async function openToServer(dataDir: string): Promise<void> {
  const { uid, mode } = await stat(dataDir);
  if (uid === 0 && (mode & 0o001) === 0) await chmod(dataDir, (mode & 0o777) | 0o011);
}

/**
 * Links `<dataDir>/postgres` to a place of its own that others can enter. The place's name comes from the directory's
 * path and birth, so that concurrent starts agree on it and a data directory made anew does not find its predecessor's database.
 */
async function relocate(dataDir: string, link: string, { clusterHome }: Machine): Promise<string> {
  const { ino, birthtimeMs } = await stat(dataDir);
  const hash = createHash('sha256').update(`${dataDir}:${ino}:${birthtimeMs}`).digest('hex').slice(0, 16);
  const home = join(clusterHome, hash);
  const target = join(home, 'postgres');
  try {
    await ownDirectory(clusterHome, 0o755);
    await ownDirectory(home, 0o755);
    await writeFile(join(home, 'origin'), `${dataDir}\n`);
    await symlink(target, link);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new EmbeddedPostgresError(
        `PostgreSQL does not run as root and no other user can enter ${dataDir}; ${home} cannot be used instead: set DATA_DIR to a directory outside of it, or set DATABASE_URL.`,
        { cause },
      );
    }
  }
  return target;
}

/**
 * Where the cluster is and whose, following a link; undefined when there is neither. A link to a place that is prepared
 * but not filled yet counts, with the owner of its parent.
 */
async function existing(cluster: string): Promise<{ path: string; uid: number; gid: number } | undefined> {
  const entry = await lstat(cluster).catch(() => undefined);
  if (!entry) return undefined;
  if (!entry.isSymbolicLink()) return { path: cluster, uid: entry.uid, gid: entry.gid };
  const target = resolve(dirname(cluster), await readlink(cluster));
  const home = await realpath(dirname(target)).catch(() => {
    throw new EmbeddedPostgresError(
      `${cluster} links to ${target}, which is gone: bring it back, or remove the link to begin with an empty database.`,
    );
  });
  const path = join(home, basename(target));
  const { uid, gid } = await stat(path).catch(() => stat(home));
  return { path, uid, gid };
}
