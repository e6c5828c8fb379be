import { decimal, pair, parts, seconds, whole } from './figure-format.ts';
import { markdownTable } from './markdown-table.ts';
import type { ReportedSystem } from './reported-system.ts';

/** How long each system takes to start and what it holds when nobody asks. */
export function startTable(systems: readonly ReportedSystem[]): string {
  const table = markdownTable<ReportedSystem>(
    [
      { title: 'system', value: ({ name }) => name },
      { title: 'what it does', value: ({ title }) => title },
      { title: 'first start ms', value: ({ typical }) => whole(typical.firstStart.readyMs) },
      { title: 'live / ready ms', value: ({ typical: { start } }) => pair(start.liveMs, start.readyMs) },
      { title: 'CPU s: live', value: ({ typical }) => seconds(typical.start.liveCpuMs) },
      { title: 'ready', value: ({ typical }) => seconds(typical.start.readyCpuMs) },
      { title: '+ postgres', value: ({ typical }) => seconds(typical.start.readyPostgresCpuMs) },
      { title: 'idle MB (node + postgres)', value: ({ typical }) => parts(typical.idleMb, 0) },
      { title: 'idle statements/s', value: ({ typical }) => decimal(typical.idleStatementsPerSecond, 1) },
    ],
    systems,
  );
  return `### Start and rest\n\n${table}`;
}
