import { randomBytes } from 'node:crypto';
import { chmod, copyFile, constants, mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Copies the files below `source` to `target`, readable by everyone and executable where the source is. Files that are
 * there with the same size stay, each other one is replaced in one step: an interrupted, thinned out or concurrent copy
 * is completed, also while the copy is in use. Links are left out.
 */
export async function mirror(source: string, target: string, wanted: (file: string) => boolean): Promise<void> {
  await mkdir(target, { recursive: true });
  await chmod(target, 0o755);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) await mirror(from, to, wanted);
    else if (entry.isFile() && wanted(entry.name)) await mirrorFile(from, to);
  }
}

async function mirrorFile(from: string, to: string): Promise<void> {
  const [original, copy] = await Promise.all([stat(from), stat(to).catch(() => undefined)]);
  if (copy?.size === original.size) return;
  const draft = `${to}.${randomBytes(6).toString('hex')}`;
  await copyFile(from, draft, constants.COPYFILE_FICLONE);
  await chmod(draft, original.mode & 0o100 ? 0o755 : 0o644);
  await rename(draft, to);
}
