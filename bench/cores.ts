import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Which core runs what. */
export interface Cores {
  /** The server under test with all its processes. */
  readonly server: number;
  readonly model: number;
  readonly client: number;
}

/** The server has a core of its own; the model server and the client share the second when there are only two. */
export function chooseCores(): Cores {
  const count = availableParallelism();
  if (process.platform !== 'linux' || count < 2) throw new Error('The benchmark needs Linux and at least two cores.');
  return { server: 0, model: 1, client: count > 2 ? 2 : 1 };
}

/** Keeps this process, threads included, on one core. */
export function pinThisProcess(core: number): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' });
}
