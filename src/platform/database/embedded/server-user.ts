import { lchown, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * The operating-system user that runs the server, because PostgreSQL refuses root.
 * - `self`: the user of this process, who is not root.
 * - `switched`: this process is root and gives its rights up to that user.
 * - `namespaced`: root, seen as `nobody` by the server inside a user namespace (`unshare --user`), without root's powers.
 */
export interface ServerUser {
  readonly mode: 'self' | 'switched' | 'namespaced';
  readonly uid: number;
  readonly gid: number;
}

/** `nobody` of nearly every distribution. */
export const NOBODY: ServerUser = { mode: 'switched', uid: 65534, gid: 65534 };
export const NAMESPACED_ROOT: ServerUser = { mode: 'namespaced', uid: 0, gid: 0 };

/** Nothing of ours reaches the server: neither secrets nor `PG*` variables. */
export const SERVER_ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: {
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly uid?: number;
    readonly gid?: number;
  };
}

/** How to spawn the program as the server's user. The working directory is `/`, which everyone can enter. */
export function commandOf(user: ServerUser, file: string, args: readonly string[]): Command {
  const options = { cwd: '/', env: SERVER_ENVIRONMENT };
  if (user.mode === 'namespaced') return { file: 'unshare', args: ['--user', '--', file, ...args], options };
  if (user.mode === 'switched') return { file, args, options: { ...options, uid: user.uid, gid: user.gid } };
  return { file, args, options };
}

export const READ = 4;
export const ENTER = 1;

/**
 * Whether the user, without root's powers, can enter every parent of an absolute path and has `rights` on it.
 * Judged by owner and mode; a missing path counts as out of reach.
 */
export async function canReach(user: ServerUser, path: string, rights: number): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats) return false;
  const shift = stats.uid === user.uid ? 6 : stats.gid === user.gid ? 3 : 0;
  if (((stats.mode >> shift) & rights) !== rights) return false;
  return path === '/' || canReach(user, dirname(path), ENTER);
}

/** Makes the user the owner of a directory and all below it. The directory itself comes last, so a cut is made good next time. */
export async function giveTo(user: ServerUser, directory: string): Promise<void> {
  const { uid } = await stat(directory);
  if (user.mode === 'self' || uid === user.uid) return;
  for (const entry of await readdir(directory, { recursive: true }))
    await lchown(join(directory, entry), user.uid, user.gid);
  await lchown(directory, user.uid, user.gid);
}
