import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Where a server listens: a socket directory and the number in the socket's name. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The main process of a running server, as its `postmaster.pid` describes it. */
export interface Postmaster {
  readonly pid: number;
  /** Where it can be reached; undefined while it is starting. */
  readonly address?: Address;
}

/** The server that runs on a cluster, whoever started it; undefined when the pid file is missing or left behind. */
export async function postmasterOf(cluster: string): Promise<Postmaster | undefined> {
  const found = parsePidFile(await readFile(pidFileOf(cluster), 'utf8').catch(() => ''));
  return found && (await serves(found.pid, cluster)) ? found : undefined;
}

/** Lines of the file: pid, data directory, start time, port, socket directory, and more that follow while it starts. */
export function parsePidFile(text: string): Postmaster | undefined {
  const [pid, , , port, host, next] = text.split('\n');
  if (!pid || !/^\d+$/.test(pid)) return undefined;
  const isComplete = next !== undefined && host && port;
  return { pid: Number(pid), address: isComplete ? { host, port: Number(port) } : undefined };
}

export const pidFileOf = (cluster: string): string => join(cluster, 'postmaster.pid');

/** How a server is told its cluster, and how it is known by its command line. */
export const clusterArguments = (cluster: string) => ['-D', cluster] as const;

/** Whether the process is alive and a server of this cluster. One that has ended and was not waited for is not. */
export async function serves(pid: number, cluster: string): Promise<boolean> {
  const commandLine = await commandLineOf(pid);
  return commandLine?.includes(` ${clusterArguments(cluster).join(' ')} `) ?? false;
}

/**
 * Whether the process is certainly no server of this cluster, though alive. A server started by hand may not name its
 * cluster, but works in it.
 */
export async function isStranger(pid: number, cluster: string): Promise<boolean> {
  const commandLine = await commandLineOf(pid);
  if (commandLine === undefined) return false;
  if (!commandLine.includes('postgres')) return true;
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return directory !== undefined && directory !== cluster;
}

/** A process's words, each with a blank after it; none for one that has ended unnoticed; undefined when none can be seen. */
async function commandLineOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
    return text?.replaceAll('\0', ' ');
  }
  const listed = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => undefined);
  return listed && `${listed.stdout.trim()} `;
}

/**
 * Shuts a server down: connections are ended and what they did not commit is undone (SIGINT); one that does not obey
 * is stopped at once and recovers at its next start (SIGQUIT).
 * @returns whether it has ended
 */
export async function shutDown(pid: number, cluster: string): Promise<boolean> {
  return (await endsAfter('SIGINT', pid, cluster, 15_000)) || (await endsAfter('SIGQUIT', pid, cluster, 5_000));
}

async function endsAfter(signal: NodeJS.Signals, pid: number, cluster: string, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  if (await serves(pid, cluster)) process.kill(pid, signal);
  while (await serves(pid, cluster)) {
    if (Date.now() > deadline) return false;
    await setTimeout(20);
  }
  return true;
}
