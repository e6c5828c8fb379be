import { chmod, lstat, mkdir } from 'node:fs/promises';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

/**
 * Makes a directory of the given mode at a name that others could guess, and answers its path. One that exists must be
 * a real directory of one of the `owners` (default: this process's user), else somebody else laid it there.
 * @throws EmbeddedPostgresError
 */
export async function ownDirectory(
  path: string,
  mode: number,
  owners: readonly number[] = [process.getuid?.() ?? 0],
): Promise<string> {
  await mkdir(path, { recursive: true, mode });
  const found = await lstat(path);
  if (!found.isDirectory() || !owners.includes(found.uid)) {
    throw new EmbeddedPostgresError(`${path} belongs to another user (uid ${found.uid}) or is a link: remove it.`);
  }
  if ((found.mode & 0o777) !== mode) await chmod(path, mode);
  return path;
}
