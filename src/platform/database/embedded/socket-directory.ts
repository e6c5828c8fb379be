import { createHash } from 'node:crypto';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from './machine.js';
import { ownDirectory } from './own-directory.js';
import { canReach, ENTER, type ServerUser } from './server-user.js';

export const PORT = 5432;

/** The longest socket path in bytes: `sun_path` without its closing NUL. */
const limitOf = (platform: string) => (platform === 'darwin' ? 103 : 107);

/**
 * The directory of the server's socket, always the same for a data directory: `<dataDir>/socket`, or a short one below
 * the temporary directory when that path is too long for a socket or closed to the server's user.
 */
export async function socketDirectoryOf(dataDir: string, user: ServerUser, machine: Machine): Promise<string> {
  const near = join(dataDir, 'socket');
  if (fits(near, machine.platform) && (user.mode === 'self' || (await canReach(user, dataDir, ENTER)))) return near;
  const name = `chatter-${createHash('sha256').update(`${machine.uid}:${dataDir}`).digest('hex').slice(0, 16)}`;
  const far = join(machine.temporary, name);
  const usable =
    fits(far, machine.platform) && (user.mode === 'self' || (await canReach(user, machine.temporary, ENTER)));
  return usable ? far : join('/tmp', name);
}

/** Makes the directory, closed to everyone but the server's user (and root). */
export async function makeSocketDirectory(path: string, user: ServerUser, { uid }: Machine): Promise<void> {
  await ownDirectory(path, 0o700, [uid, user.uid]);
  if (user.mode === 'switched') await chown(path, user.uid, user.gid);
}

function fits(directory: string, platform: string): boolean {
  return Buffer.byteLength(join(directory, `.s.PGSQL.${PORT}`)) <= limitOf(platform);
}
