import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EnvironmentVariables } from '../../src/platform/config/configuration.js';
import { apiOf, type Api } from './api.js';
import { eventually } from './eventually.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const LISTENS = /^Chatter listens on (\S+)$/m;
const API_KEY = /Bearer (ck_[\w-]+)/;

/** What lets a spawned server alone: no limits in the way, only complaints logged. */
const ROOMY: EnvironmentVariables = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'error',
  REGISTRATION_PER_MINUTE_PER_ADDRESS: '1000000',
  REQUESTS_PER_MINUTE: '1000000',
  REQUESTS_BURST: '1000000',
  MAX_RUNS_PER_USER: '1000000',
};

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of the built program, `node dist/main.js`. */
export class ServerProcess {
  /** How it ended. */
  readonly exited: Promise<Exit>;
  private stdout = '';
  private stderr = '';

  constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.exited = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Exit);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Everything it has written so far. */
  get output(): string {
    return this.stdout + this.stderr;
  }

  get errors(): string {
    return this.stderr;
  }

  /** Where it listens; undefined while it does not. */
  get url(): string | undefined {
    return LISTENS.exec(this.stdout)?.[1];
  }

  /** The development user's key, as the console shows it. */
  get apiKey(): string | undefined {
    return API_KEY.exec(this.stdout)?.[1];
  }

  get api(): Api {
    if (this.url === undefined) throw new Error('The server does not listen.');
    return apiOf(this.url);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Kills it without a chance to notice. */
  async kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.exited;
  }

  /** Ends it in order. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exited;
  }
}

/** The processes and folders of a suite; `clean()` in `afterAll` leaves nothing of them. */
export class Servers {
  private readonly processes: ServerProcess[] = [];
  private readonly folders: string[] = [];

  constructor() {
    process.once('exit', this.killAll);
  }

  /** A folder that the embedded database can use, also when the tests run as root. */
  async folder(): Promise<string> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'chatter-server-')));
    this.folders.push(folder);
    await chmod(folder, 0o755);
    return folder;
  }

  /** Starts a process and does not wait for it. */
  spawn(environment: EnvironmentVariables): ServerProcess {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first.`);
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH, HOME, ...ROOMY, PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return this.keep(new ServerProcess(child));
  }

  /** Ends it with the others. */
  keep(started: ServerProcess): ServerProcess {
    this.processes.push(started);
    return started;
  }

  /** Starts a process and waits until it listens. */
  async start(environment: EnvironmentVariables): Promise<ServerProcess> {
    const started = this.spawn(environment);
    await eventually(() => started.url !== undefined || started.hasExited, {
      withinMs: 60_000,
      what: 'a server that listens',
    });
    if (started.url === undefined) throw new Error(`The server does not start:\n${started.output}`);
    return started;
  }

  async clean(): Promise<void> {
    this.killAll();
    process.off('exit', this.killAll);
    await Promise.all(this.processes.map(({ exited }) => exited));
    for (const folder of this.folders.splice(0)) {
      await stopDatabases(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  }

  private readonly killAll = (): void => {
    for (const one of this.processes) if (!one.hasExited) one.signal('SIGKILL');
  };
}

/** Ends database servers that a killed process has left in a folder, also one that was just being started anew. */
async function stopDatabases(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter((name) => name.endsWith('postmaster.pid'))) {
    const ended = () =>
      !existsSync(join(folder, file)) || !quit(Number(readFileSync(join(folder, file), 'utf8').split('\n')[0]));
    await eventually(ended, { withinMs: 30_000, everyMs: 200, what: 'the end of the database server' });
  }
}

/** Asks a process to end at once. False when there is none. */
function quit(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGQUIT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
