import { decimal, pair, parts, total, whole } from './figure-format.ts';
import { markdownTable, type Column } from './markdown-table.ts';
import type { Measurement } from './measurement.ts';
import type { ReportedSystem } from './reported-system.ts';
import type { DescribedWorkload } from './results.ts';
import { FULL_RATE, type WorkloadKind } from './workload.ts';

/** The load side is taken as the limit from here on: rates then say less than CPU times. */
const LOAD_SIDE_LIMIT = 0.9;

const TITLES: Readonly<Record<WorkloadKind, string>> = {
  json: 'W1: JSON chat, 20 tokens',
  stream: 'W2: streamed chat, 200 tokens at once',
  paced: 'W3: 500 streams, 200 tokens, one every 20 ms',
  workflow: 'W4: workflows, each one request that is answered when the run has ended',
};

/** The figures of all systems at the workloads of one kind; empty when none was measured. */
export function workloadTable(
  kind: WorkloadKind,
  workloads: readonly DescribedWorkload[],
  systems: readonly ReportedSystem[],
  directMs: number,
): string {
  const lines = workloads.flatMap((workload) => systems.flatMap((system) => lineOf(workload, system)));
  return lines.length === 0 ? '' : `### ${TITLES[kind]}\n\n${markdownTable(columns(kind, directMs), lines)}`;
}

interface Line {
  readonly system: string;
  readonly clients: string;
  readonly job: string;
  readonly steps: number;
  readonly of: Measurement;
  /** Summed over the rounds, since one bad answer is one too many. */
  readonly errors: number;
  readonly mismatches: number;
  /** The worst of the rounds. */
  readonly loadSideUse: number;
  readonly foreignUse: number;
}

function lineOf(
  { id, concurrency, job = '', steps = 1 }: DescribedWorkload,
  { name, rounds, typical }: ReportedSystem,
): Line[] {
  const of = typical.measurements[id];
  if (!of) return [];
  const all = rounds.flatMap(({ measurements }) => measurements[id] ?? []);
  const sum = (figures: readonly number[]) => figures.reduce((left, right) => left + right, 0);
  return [
    {
      system: name,
      clients: String(concurrency),
      job,
      steps,
      of,
      errors: sum(all.map(({ errors }) => errors)),
      mismatches: sum(all.map(({ mismatches }) => mismatches)),
      loadSideUse: Math.max(...all.map(({ loadSideUse }) => loadSideUse)),
      foreignUse: Math.max(...all.map(({ foreignUse }) => foreignUse)),
    },
  ];
}

function columns(kind: WorkloadKind, directMs: number): readonly Column<Line>[] {
  const head: Column<Line>[] = [
    { title: 'system', value: ({ system }) => system },
    { title: 'clients', value: ({ clients }) => clients },
  ];
  switch (kind) {
    case 'json':
      return [...head, ...answerColumns(directMs), ...sharedColumns];
    case 'stream':
      return [...head, ...tokenColumns, ...sharedColumns];
    case 'paced':
      return [...head, fullRateColumn, ...tokenColumns, ...sharedColumns];
    case 'workflow':
      return [{ title: 'workflow', value: ({ job }) => job }, ...head, ...runColumns, ...sharedColumns];
  }
}

function answerColumns(directMs: number): readonly Column<Line>[] {
  return [
    { title: 'requests/s', value: ({ of }) => whole(of.requestsPerSecond) },
    { title: 'CPU ms/request', value: ({ of }) => decimal(total(of.cpuMsPerAnswer), 2) },
    { title: '(node + postgres)', value: ({ of }) => parts(of.cpuMsPerAnswer, 2) },
    { title: 'p50 / p99 ms', value: ({ of }) => pair(of.latencyMs.p50, of.latencyMs.p99) },
    {
      title: 'p50 beyond the model ms',
      value: ({ clients, of }) => (clients === '1' ? decimal(of.latencyMs.p50 - directMs, 2) : ''),
    },
  ];
}

const runColumns: readonly Column<Line>[] = [
  { title: 'runs/s', value: ({ of }) => decimal(of.requestsPerSecond, 1) },
  { title: 'CPU ms/run', value: ({ of }) => decimal(total(of.cpuMsPerAnswer), 2) },
  { title: '(node + postgres)', value: ({ of }) => parts(of.cpuMsPerAnswer, 2) },
  { title: 'p50 / p99 ms', value: ({ of }) => pair(of.latencyMs.p50, of.latencyMs.p99) },
  { title: 'statements/step', value: ({ steps, of }) => decimal(of.statementsPerAnswer / steps, 2) },
];

const tokenColumns: readonly Column<Line>[] = [
  { title: 'tokens/s', value: ({ of }) => whole(of.tokensPerSecond) },
  { title: 'CPU us/token', value: ({ of }) => decimal(total(of.cpuUsPerToken), 1) },
  { title: '(node + postgres)', value: ({ of }) => parts(of.cpuUsPerToken, 1) },
  { title: 'first token p50 / p99 ms', value: ({ of }) => pair(of.firstTokenMs.p50, of.firstTokenMs.p99) },
  { title: 'gap p99 / max ms', value: ({ of }) => pair(of.gapMs.p99, of.gapMs.max) },
  { title: 'wire bytes/token beyond text', value: ({ of }) => whole(of.wireBytesPerTokenBeyondText) },
];

const fullRateColumn: Column<Line> = {
  title: 'of full rate',
  value: ({ of }) => decimal(of.tokensPerSecond / FULL_RATE, 3),
};

const sharedColumns: readonly Column<Line>[] = [
  { title: 'loop lag p99 / max ms', value: ({ of }) => pair(of.loopLagMs.p99, of.loopLagMs.max) },
  { title: 'memory MB (node + postgres)', value: ({ of }) => parts(of.memoryMb, 0) },
  { title: 'statements/answer', value: ({ of }) => decimal(of.statementsPerAnswer, 1) },
  { title: 'errors + mismatches', value: ({ errors, mismatches }) => `${errors} + ${mismatches}` },
  {
    title: 'load side',
    value: ({ loadSideUse }) => `${percent(loadSideUse)}${loadSideUse >= LOAD_SIDE_LIMIT ? ' (limit)' : ''}`,
  },
  { title: 'others', value: ({ foreignUse }) => percent(foreignUse) },
];

function percent(share: number): string {
  return `${whole(100 * share)} %`;
}
