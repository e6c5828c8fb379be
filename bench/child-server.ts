import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';

/** How to run a server as a child. */
export interface ChildCommand {
  readonly name: string;
  /** The one core it may use; absent, any. */
  readonly core?: number;
  /** Paths of modules to preload with `--import`. */
  readonly preload: readonly string[];
  /** Script and arguments for Node. */
  readonly script: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Receives what the server writes; begins anew at each start. */
  readonly logFile: string;
}

export interface ChildServer {
  readonly child: ChildProcess;
  readonly pid: number;
  /** `performance.now()` of the spawn. */
  readonly startedAt: number;
  /** Waits until `GET url` answers 200. @throws with the end of the log when the server ends or takes too long */
  answers(url: string): Promise<void>;
  /** @throws with the end of the log when the server has ended */
  mustRun(): void;
  /** SIGTERM, then SIGKILL when that takes too long. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 30_000;
const POLL_MS = 5;
const LOG_TAIL_CHARACTERS = 2_000;

export function startChild(command: ChildCommand): ChildServer {
  const log = openSync(command.logFile, 'w');
  const preload = command.preload.map((path) => `--import=${path}`).join(' ');
  const startedAt = performance.now();
  const pinned = command.core === undefined ? [] : ['taskset', '-c', String(command.core)];
  const [program = '', ...args] = [...pinned, process.execPath, ...command.script];
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: { ...baseEnvironment(), ...command.env, NODE_OPTIONS: preload },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const ended = once(child, 'exit');
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const fail = (what: string) =>
    new Error(`${command.name} ${what}:\n${readFileSync(command.logFile, 'utf8').slice(-LOG_TAIL_CHARACTERS)}`);
  const mustRun = () => {
    if (!isRunning()) throw fail(`ended (${child.signalCode ?? `code ${child.exitCode}`})`);
  };

  return {
    child,
    pid: child.pid ?? fatal(`${program} does not start${program === 'taskset' ? '; it is part of util-linux' : ''}.`),
    startedAt,
    answers: async (url) => {
      while (!(await isOk(url))) {
        mustRun();
        if (performance.now() - startedAt > START_LIMIT_MS) throw fail('does not answer');
        await delay(POLL_MS);
      }
    },
    mustRun,
    stop: async () => {
      if (!isRunning()) return;
      child.kill('SIGTERM');
      await Promise.race([ended, delay(STOP_LIMIT_MS, undefined, { ref: false })]);
      if (isRunning()) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Nothing of the caller's environment may reach a measured server, except what any program needs. */
function baseEnvironment(): Record<string, string> {
  return Object.fromEntries(
    ['PATH', 'HOME', 'LANG', 'TMPDIR'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

async function isOk(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, { headersTimeout: 5_000, bodyTimeout: 5_000, reset: true });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

function fatal(message: string): never {
  throw new Error(message);
}
