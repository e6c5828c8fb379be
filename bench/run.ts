import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, startChild, type ChildServer } from './child-server.ts';
import { chooseCores, pinThisProcess } from './cores.ts';
import { modelTarget } from './load-target.ts';
import { drive, UNOBSERVED } from './load-client.ts';
import { beTheOnlyOne } from './only-one.ts';
import { writePlainScripts } from './plain-scripts.ts';
import { readOptions, type Options } from './options.ts';
import { report } from './report.ts';
import type { Results, SystemRounds } from './results.ts';
import { runRound, type Round } from './round.ts';

const SHOWN_LINES = 2;
const SHOWN_CHARACTERS = 200;

/** Measures every system in turn, prints the tables and writes the figures to `bench/results/`. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  await beTheOnlyOne();
  const resultsDir = resolve(import.meta.dirname, 'results');
  mkdirSync(resultsDir, { recursive: true });
  const plain = writePlainScripts(join(resultsDir, 'js'));
  const cores = chooseCores();
  pinThisProcess(cores.client);
  const port = await freePort();
  const modelOrigin = `http://127.0.0.1:${port}`;
  const model = startChild({
    name: 'fake-model-server',
    core: cores.model,
    preload: [plain('probe.ts')],
    script: [plain('fake-model-server.ts'), '--port', String(port)],
    env: {},
    cwd: resolve(import.meta.dirname, '..'),
    logFile: join(resultsDir, 'fake-model-server.log'),
  });
  try {
    await model.answers(`${modelOrigin}/livez`);
    const date = new Date().toISOString();
    const directMs = await directCallMs(modelOrigin, options);
    const systems = await measureAll(options, model, { modelOrigin, cores, resultsDir, plain });
    const results: Results = { date, machine: machine(), options: described(options), directMs, systems };
    const file = join(resultsDir, `${date.replaceAll(':', '-')}.json`);
    writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
    process.stdout.write(`${report(results)}\nFigures: ${file}\n`);
    if (systems.some(({ fault }) => fault !== undefined)) process.exitCode = 1;
  } finally {
    await model.stop();
  }
}

/** Round by round through all systems, so that a disturbance of the machine hits all alike. A system that fails drops out. */
async function measureAll(
  options: Options,
  model: ChildServer,
  place: Pick<Parameters<typeof runRound>[0], 'modelOrigin' | 'cores' | 'resultsDir' | 'plain'>,
): Promise<SystemRounds[]> {
  const systems = options.systems.map(({ name, title }) => ({
    name,
    title,
    rounds: [] as Round[],
    fault: undefined as string | undefined,
  }));
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [index, system] of options.systems.entries()) {
      const into = systems[index];
      if (!into || into.fault !== undefined) continue;
      try {
        into.rounds.push(
          await runRound({
            system,
            profile: options.profile,
            warmUps: options.warmUps,
            workloads: options.workloads,
            model,
            log,
            ...place,
          }),
        );
      } catch (error) {
        log(String(error));
        into.fault = firstLines(error);
      }
    }
  }
  return systems;
}

/** What fits under a table; the rest is in the system's log. */
function firstLines(error: unknown): string {
  return String(error).split('\n', SHOWN_LINES).join(' ').slice(0, SHOWN_CHARACTERS);
}

/** The median time of a JSON answer straight from the model server, one at a time. */
async function directCallMs(modelOrigin: string, { quick }: Options): Promise<number> {
  const load = {
    model: 'fake-t20',
    stream: false,
    concurrency: 1,
    rampMs: 0,
    warmupMs: 500,
    windowMs: quick ? 500 : 2_000,
  };
  return (await drive(modelTarget(modelOrigin), load, UNOBSERVED)).latencyMs.p50;
}

function machine(): Results['machine'] {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    node: process.version,
    commit: commit(),
  };
}

function commit(): string | undefined {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

function described({ rounds, quick, profile, workloads }: Options): Results['options'] {
  return {
    rounds,
    quick,
    profile,
    workloads: workloads.map(({ id, kind, load }) =>
      'job' in load ? { id, kind, ...load, job: load.job.title, steps: load.job.steps } : { id, kind, ...load },
    ),
  };
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().catch((error: unknown) => {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
