import { distribution, type Distribution } from '../distribution.ts';
import { decimal, whole } from '../figure-format.ts';
import { markdownTable } from '../markdown-table.ts';
import type { StreamRecord } from './exchange.ts';
import type { LoadOptions } from './options.ts';
import type { Usage } from './usage.ts';

/** What a load came to. Times are in ms. */
export interface LoadReport {
  readonly date: string;
  readonly node: string;
  readonly seconds: number;
  readonly users: number;
  /** From the first request to the end of the last stream, in seconds. */
  readonly tookSeconds: number;
  readonly streams: number;
  readonly events: number;
  readonly streamsPerSecond: number;
  readonly eventsPerSecond: number;
  readonly kinds: readonly KindFigures[];
  /** Of the server and its database; null where the machine does not tell. */
  readonly usage: Usage;
  /** CPU of the users' side, in seconds. */
  readonly loadCpuSeconds: number;
  /** What went wrong, at most {@link MOST_SHOWN} of it. */
  readonly violations: readonly string[];
  readonly violationCount: number;
}

export interface KindFigures {
  readonly kind: string;
  readonly streams: number;
  readonly events: number;
  /** Null where no stream of the kind had text. */
  readonly firstTokenMs: Distribution | null;
  readonly totalMs: Distribution | null;
}

const MOST_SHOWN = 100;

export interface Outcome {
  readonly date: Date;
  readonly tookMs: number;
  readonly records: readonly StreamRecord[];
  readonly violations: readonly string[];
  readonly usage: Usage;
  readonly loadCpuSeconds: number;
}

export function reportOf(options: LoadOptions, kinds: readonly string[], outcome: Outcome): LoadReport {
  const { date, tookMs, records, violations, usage, loadCpuSeconds } = outcome;
  const seconds = tookMs / 1_000;
  const events = eventsOf(records);
  return {
    date: date.toISOString(),
    node: process.version,
    seconds: options.seconds,
    users: options.users,
    tookSeconds: seconds,
    streams: records.length,
    events,
    streamsPerSecond: records.length / seconds,
    eventsPerSecond: events / seconds,
    kinds: kinds.map((kind) =>
      figuresOf(
        kind,
        records.filter((record) => record.kind === kind),
      ),
    ),
    usage,
    loadCpuSeconds,
    violations: violations.slice(0, MOST_SHOWN),
    violationCount: violations.length,
  };
}

function figuresOf(kind: string, records: readonly StreamRecord[]): KindFigures {
  return {
    kind,
    streams: records.length,
    events: eventsOf(records),
    firstTokenMs: sample(records.flatMap(({ firstTokenMs }) => firstTokenMs ?? [])),
    totalMs: sample(records.map(({ totalMs }) => totalMs)),
  };
}

const eventsOf = (records: readonly StreamRecord[]): number =>
  records.reduce((sum, { events }) => sum + events.length, 0);

const sample = (values: readonly number[]): Distribution | null => (values.length === 0 ? null : distribution(values));

/** The report for people. */
export function markdownOf(report: LoadReport): string {
  const { usage, violations, violationCount } = report;
  const times = (values: Distribution | null): string =>
    values ? [values.p50, values.p99, values.max].map(whole).join(' / ') : 'none';
  const pair = (values: { readonly node: number; readonly postgres: number } | null): string =>
    values ? `${decimal(values.node, 1)} + ${decimal(values.postgres, 1)}` : 'not known';
  const table = markdownTable<KindFigures>(
    [
      { title: 'work', value: ({ kind }) => kind },
      { title: 'streams', value: ({ streams }) => whole(streams) },
      { title: 'events', value: ({ events }) => whole(events) },
      { title: 'first token p50 / p99 / max, ms', value: ({ firstTokenMs }) => times(firstTokenMs) },
      { title: 'total p50 / p99 / max, ms', value: ({ totalMs }) => times(totalMs) },
    ],
    report.kinds,
  );
  return [
    `# Load of ${report.date}`,
    `${report.users} users for ${report.seconds} s on Node ${report.node}; the last stream ended after ${decimal(report.tookSeconds, 1)} s.`,
    [
      `- ${whole(report.streams)} streams, ${decimal(report.streamsPerSecond, 1)} a second`,
      `- ${whole(report.events)} events, ${decimal(report.eventsPerSecond, 1)} a second, each compared with the log`,
      `- CPU of Node + PostgreSQL: ${pair(usage.cpuSeconds)} s; of the users' side: ${decimal(report.loadCpuSeconds, 1)} s`,
      `- peak memory of Node + PostgreSQL: ${pair(usage.peakMemoryMb)} MB`,
      `- violations: ${violationCount}`,
    ].join('\n'),
    table,
    ...(violations.length > 0 ? [violations.map((one) => `- ${one}`).join('\n')] : []),
    '',
  ].join('\n\n');
}
