import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'undici';
import { freePort, startChild, type ChildServer } from '../child-server.ts';
import { LoadDatabase } from './database.ts';
import type { StreamRecord } from './exchange.ts';
import { kinds } from './kinds.ts';
import { readLoadOptions, type LoadOptions } from './options.ts';
import { markdownOf, reportOf, type LoadReport } from './report.ts';
import { streamFaults } from './stream-faults.ts';
import { driveUsers, newUser } from './users.ts';
import { UsageWatch } from './usage.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const UNLIMITED = '1000000000';
/** Registrations at once: each computes a password's hash. */
const USERS_AT_ONCE = 4;
/** How long the database may take to have everything that was answered. */
const SETTLE_MS = 5_000;
const LOOK_EVERY_MS = 100;
const NO_USAGE = { cpuSeconds: null, peakMemoryMb: null };

/** Starts Chatter on loopback, lets users work, checks every stream against the log, writes the report. */
async function main(): Promise<number> {
  const options = readLoadOptions(process.env, join(ROOT, 'bench/results'));
  mkdirSync(options.reportDir, { recursive: true });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopping.abort(new Error(`Stopped by ${signal}.`)));
  const dataDir = mkdtempSync(join(tmpdir(), 'chatter-load-'));
  chmodSync(dataDir, 0o755);
  const port = await freePort();
  const logFile = join(options.reportDir, 'load-server.log');
  const server = startServer(port, dataDir, logFile);
  const kill = (): void => void server.child.kill('SIGKILL');
  process.once('exit', kill);
  try {
    await server.answers(`http://127.0.0.1:${port}/readyz`);
    const report = await load(options, server, `http://127.0.0.1:${port}`, dataDir, stopping.signal);
    const complaints = complaintsIn(logFile);
    return write(options, withViolations(report, complaints));
  } finally {
    await server.stop();
    process.off('exit', kill);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** The defaults, except for the limits that would stop so many users from one address. */
const startServer = (port: number, dataDir: string, logFile: string): ChildServer =>
  startChild({
    name: 'chatter',
    preload: [],
    script: ['--enable-source-maps', 'dist/main.js'],
    env: {
      PORT: String(port),
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      LOG_LEVEL: 'warn',
      REGISTRATION_PER_MINUTE_PER_ADDRESS: '1000000',
      REQUESTS_PER_MINUTE: UNLIMITED,
      REQUESTS_BURST: UNLIMITED,
    },
    cwd: ROOT,
    logFile,
  });

async function load(
  options: LoadOptions,
  server: ChildServer,
  origin: string,
  dataDir: string,
  signal: AbortSignal,
): Promise<LoadReport> {
  const dispatcher = new Agent({ connections: 2 * options.users, headersTimeout: 60_000, bodyTimeout: 60_000 });
  try {
    const users = await inTurn(options.users, (index) => newUser({ origin, dispatcher, signal }, index));
    const watch = UsageWatch.start(server.pid, dataDir);
    const [startedAt, startedCpu, date] = [performance.now(), process.cpuUsage(), new Date()];
    const { records, failures } = await driveUsers(users, kinds, options.seconds);
    const tookMs = performance.now() - startedAt;
    const cpu = process.cpuUsage(startedCpu);
    const usage = watch?.stop() ?? NO_USAGE;
    server.mustRun();
    const violations = [...failures, ...(await wrongIn(records, failures.length, dataDir))];
    const loadCpuSeconds = (cpu.user + cpu.system) / 1_000_000;
    const names = kinds.map(({ name }) => name);
    return reportOf(options, names, { date, tookMs, records, violations, usage, loadCpuSeconds });
  } finally {
    await dispatcher.destroy();
  }
}

/** What the streams show that the database does not hold, the other way round, and what it holds that is wrong by itself. */
async function wrongIn(
  records: readonly StreamRecord[],
  failures: number,
  dataDir: string,
): Promise<readonly string[]> {
  const database = await LoadDatabase.open(dataDir);
  try {
    const logs = await database.logs(records.map(({ runId }) => runId));
    const faulty = records.flatMap(({ kind, runId, events, faults }) =>
      [...faults, ...streamFaults(events, logs.get(runId) ?? [])].map((fault) => `${kind}, run ${runId}: ${fault}`),
    );
    const doubled = records.length - new Set(records.map(({ runId }) => runId)).size;
    return [
      ...faulty,
      ...(doubled > 0 ? [`runs that answered several requests: ${doubled}`] : []),
      ...(failures > 0 ? [] : await settledFaults(database, records.length)),
    ];
  } finally {
    await database.close();
  }
}

async function settledFaults(database: LoadDatabase, runs: number): Promise<readonly string[]> {
  for (const until = performance.now() + SETTLE_MS; ;) {
    const faults = await database.faults(runs);
    if (faults.length === 0 || performance.now() > until) return faults;
    await delay(LOOK_EVERY_MS);
  }
}

/** Makes `count` things, a few at once, in their order. */
async function inTurn<Thing>(count: number, make: (index: number) => Promise<Thing>): Promise<readonly Thing[]> {
  const things: Thing[] = [];
  for (let start = 0; start < count; start += USERS_AT_ONCE) {
    const size = Math.min(USERS_AT_ONCE, count - start);
    things.push(...(await Promise.all(Array.from({ length: size }, (_, index) => make(start + index)))));
  }
  return things;
}

/** Lines of the server's log that tell of an error; see pino's levels. */
const complaintsIn = (logFile: string): readonly string[] =>
  readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => /"level":(?:[5-9]\d|"(?:error|fatal)")/.test(line))
    .map((line) => `the server logged: ${line.slice(0, 300)}`);

const withViolations = (report: LoadReport, more: readonly string[]): LoadReport => ({
  ...report,
  violations: [...report.violations, ...more.slice(0, 20)],
  violationCount: report.violationCount + more.length,
});

function write({ reportDir }: LoadOptions, report: LoadReport): number {
  const name = join(reportDir, `load-${report.date.replace(/[:.]/g, '-')}`);
  const text = markdownOf(report);
  writeFileSync(`${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${name}.md`, text);
  process.stdout.write(`${text}\nWritten to ${name}.md and .json\n`);
  return report.violationCount === 0 ? 0 : 1;
}

process.exitCode = await main();
