import { setTimeout as delay } from 'node:timers/promises';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, startChild, type ChildServer } from './child-server.ts';
import type { Cores } from './cores.ts';
import { decimal, whole } from './figure-format.ts';
import { drive, takes, UNOBSERVED, type Load } from './load-client.ts';
import { measure, memoryMb, type ByProgram, type Measurement } from './measurement.ts';
import { readProbe } from './probe-figures.ts';
import { treeUse } from './process-tree.ts';
import type { Place, System } from './system.ts';
import { models, type Workload } from './workload.ts';

export interface RoundOptions {
  readonly system: System;
  readonly warmUps: readonly Load[];
  readonly workloads: readonly Workload[];
  readonly model: ChildServer;
  /** Scheme, host and port of the model server. */
  readonly modelOrigin: string;
  readonly cores: Cores;
  readonly resultsDir: string;
  readonly profile: boolean;
  readonly plain: Place['plain'];
  readonly log: (line: string) => void;
}

/** From the spawn. CPU is of Node alone and includes that of its children but PostgreSQL's. */
export interface StartFigures {
  readonly liveMs: number;
  readonly liveCpuMs: number;
  readonly readyMs: number;
  readonly readyCpuMs: number;
  readonly readyPostgresCpuMs: number;
}

/** One system, started twice and put through every workload. */
export interface Round {
  /** With an empty data folder. */
  readonly firstStart: StartFigures;
  /** With the data folder of the first. */
  readonly start: StartFigures;
  readonly idleMb: ByProgram;
  readonly idleStatementsPerSecond: number;
  readonly measurements: Readonly<Record<string, Measurement>>;
}

const SETTLE_MS = 2_000;
const STOP_LIMIT_MS = 10_000;
const POLL_MS = 50;
const REPOSITORY = resolve(import.meta.dirname, '..');

export async function runRound(options: RoundOptions): Promise<Round> {
  const { system } = options;
  // PostgreSQL refuses to run as root and then has to pass through this folder as another user.
  const dataDir = mkdtempSync(join(tmpdir(), 'chatter-bench-'));
  chmodSync(dataDir, 0o755);
  try {
    const first = await start(options, dataDir);
    await stop(first.server, system, dataDir);
    const { server, origin, figures } = await start(options, dataDir);
    try {
      return { firstStart: first.figures, start: figures, ...(await work(options, server, origin, dataDir)) };
    } finally {
      await stop(server, system, dataDir);
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function start({ system, modelOrigin, cores, resultsDir, profile, plain, log }: RoundOptions, dataDir: string) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { script, env } = system.start({ port, modelUrl: `${modelOrigin}/v1`, models, plain, dataDir });
  const server = startChild({
    name: system.name,
    core: cores.server,
    preload: ['probe.ts', ...system.preload].map(plain),
    script: profile ? ['--cpu-prof', `--cpu-prof-dir=${resultsDir}`, ...script] : script,
    env,
    cwd: REPOSITORY,
    logFile: join(resultsDir, `${system.name}.log`),
  });
  try {
    const use = () => treeUse([server.pid, ...system.furtherProcesses(dataDir)], { memory: false });
    await server.answers(origin + system.livePath);
    const live = { ms: performance.now() - server.startedAt, cpu: use() };
    await server.answers(origin + system.readyPath);
    const ready = { ms: performance.now() - server.startedAt, cpu: use() };
    const figures: StartFigures = {
      liveMs: live.ms,
      liveCpuMs: live.cpu.node.cpuMs,
      readyMs: ready.ms,
      readyCpuMs: ready.cpu.node.cpuMs,
      readyPostgresCpuMs: ready.cpu.postgres.cpuMs,
    };
    log(`${system.name}: ready after ${Math.round(ready.ms)} ms`);
    return { server, origin, figures };
  } catch (error) {
    await stop(server, system, dataDir);
    throw error;
  }
}

/** Leaves nothing behind: what a killed server could not end itself is asked to. */
async function stop(server: ChildServer, { furtherProcesses }: System, dataDir: string): Promise<void> {
  await server.stop();
  for (const pid of furtherProcesses(dataDir)) {
    process.kill(pid, 'SIGINT');
    for (let waited = 0; isAlive(pid) && waited < STOP_LIMIT_MS; waited += POLL_MS) await delay(POLL_MS);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function work(options: RoundOptions, server: ChildServer, origin: string, dataDir: string) {
  const { system, model, log } = options;
  const roots = () => [server.pid, ...system.furtherProcesses(dataDir)];
  const before = await readProbe(server.child);
  await delay(SETTLE_MS);
  const after = await readProbe(server.child);
  const idle = memoryMb(treeUse(roots(), { memory: true }));

  const target = await system.target(origin);
  const measurements: Record<string, Measurement> = {};
  for (const load of options.warmUps) if (takes(target, load)) await drive(target, load, UNOBSERVED);
  for (const { id, load } of options.workloads) {
    if (!takes(target, load)) continue;
    const measured = await measure({ server, model, target, roots }, load);
    measurements[id] = measured;
    log(
      `${system.name}: ${id}: ${decimal(measured.requestsPerSecond, 1)} answers/s, ${whole(measured.tokensPerSecond)} tokens/s${faults(measured)}`,
    );
    await delay(SETTLE_MS / 4);
  }
  return {
    idleMb: idle,
    idleStatementsPerSecond: (after.statements - before.statements) / (SETTLE_MS / 1000),
    measurements,
  };
}

function faults({ errors, mismatches, firstFault }: Measurement): string {
  return errors + mismatches === 0 ? '' : `, ${errors} errors, ${mismatches} mismatches (${firstFault ?? ''})`;
}
