import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { unrunnable, type Binaries } from './binaries.js';
import type { Machine } from './machine.js';
import type { Place } from './place.js';
import { clusterArguments } from './postmaster.js';
import { openServerLog, tailOf } from './server-log.js';
import { settingArguments, socketDirectoryArgument } from './server-settings.js';
import { commandOf, giveTo } from './server-user.js';
import { makeSocketDirectory, PORT } from './socket-directory.js';

/** A server this process has started. */
export interface ServerProcess {
  readonly pid: number | undefined;
  /** What it wrote to the log since its start, the last 4 KiB. */
  output(): Promise<string>;
  /** Why it ended: its exit code or signal, or the error of starting it; undefined while it runs. */
  ended(): string | Error | undefined;
}

export const logFileOf = (dataDir: string): string => join(dataDir, 'postgres.log');

/**
 * Starts the server in a session of its own: neither Ctrl-C nor the end of this process reaches it. Does not wait until
 * it is ready.
 */
export async function startServerProcess(place: Place, binaries: Binaries, machine: Machine): Promise<ServerProcess> {
  await giveTo(place.user, place.cluster);
  await makeSocketDirectory(place.socketDir, place.user, machine);
  const log = await openServerLog(logFileOf(place.dataDir));
  try {
    const { size } = await log.stat();
    const { file, args, options } = commandOf(place.user, binaries.postgres, [
      ...clusterArguments(place.cluster),
      '-p',
      String(PORT),
      '-k',
      socketDirectoryArgument(place.socketDir),
      ...settingArguments,
    ]);
    const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log.fd, log.fd] });
    let end: string | Error | undefined;
    child.once('error', (error) => (end = unrunnable(file, error)));
    child.once('exit', (code, signal) => (end ??= signal ?? `code ${code}`));
    child.unref();
    return { pid: child.pid, output: () => tailOf(logFileOf(place.dataDir), size), ended: () => end };
  } finally {
    await log.close();
  }
}
