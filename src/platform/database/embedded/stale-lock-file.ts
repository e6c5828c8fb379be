import { randomBytes } from 'node:crypto';
import { link, readFile, rename, stat, unlink } from 'node:fs/promises';
import { isStranger } from './postmaster.js';

const EMPTY_FOR_MS = 3_000;

/**
 * Removes a lock file of PostgreSQL (`postmaster.pid`, `.s.PGSQL.5432.lock`) that blocks the start for no reason: its
 * process number now belongs to a stranger (usual in a restarted container, where numbers repeat), or a power cut left
 * it empty. Leaves it where the process cannot be judged.
 */
export async function discardStaleLockFile(path: string, cluster: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined || !(await isStale(path, text, cluster))) return;
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  await rename(path, aside);
  // Another process may have put the lock of a server in its place meanwhile.
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, path).catch(() => undefined);
  await unlink(aside);
}

async function isStale(path: string, text: string, cluster: string): Promise<boolean> {
  if (text === '') return Date.now() - (await stat(path)).mtimeMs > EMPTY_FOR_MS;
  return isStranger(Number.parseInt(text, 10), cluster);
}
