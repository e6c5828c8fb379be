import { open, rename, stat, type FileHandle } from 'node:fs/promises';

const LARGEST_BYTES = 4 * 1024 * 1024;
const TAIL_BYTES = 4096;

/** Opens the server's log for appending. A large one is first set aside as `<path>.1`, replacing the one before. */
export async function openServerLog(path: string): Promise<FileHandle> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size > LARGEST_BYTES) await rename(path, `${path}.1`);
  return open(path, 'a', 0o600);
}

/** The end of the log from byte `from` on, at most 4 KiB; empty when there is none. */
export async function tailOf(path: string, from = 0): Promise<string> {
  const handle = await open(path).catch(() => undefined);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read({
      position: start,
      length: Math.max(size - start, 0),
      buffer: Buffer.alloc(TAIL_BYTES),
    });
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await handle.close();
  }
}
