import { decimal } from './figure-format.ts';
import type { Results } from './results.ts';
import type { ReportedSystem } from './reported-system.ts';
import { startTable } from './start-table.ts';
import { summaryTable } from './summary-table.ts';
import { typical } from './typical.ts';
import type { WorkloadKind } from './workload.ts';
import { workloadTable } from './workload-table.ts';

/** The figures as Markdown tables. */
export function report(results: Results): string {
  const { options, systems } = results;
  const kinds: readonly WorkloadKind[] = ['json', 'stream', 'paced', 'workflow'];
  const reported = systems.flatMap(({ name, title, rounds }): ReportedSystem[] => {
    const [first, ...rest] = rounds;
    return first ? [{ name, title, rounds, typical: typical([first, ...rest]) }] : [];
  });
  const ofKind = (kind: WorkloadKind) => options.workloads.filter((one) => one.kind === kind);
  return [
    headline(results),
    summaryTable(reported),
    startTable(reported),
    ...kinds.map((kind) => workloadTable(kind, ofKind(kind), reported, results.directMs)).filter((text) => text !== ''),
    ...systems.flatMap(({ name, fault }) =>
      fault === undefined ? [] : [`**${name} was not measured to the end**: ${fault}`],
    ),
  ].join('\n\n');
}

function headline({ date, machine, options, directMs }: Results): string {
  const facts = [
    date.slice(0, 10),
    `${machine.processor}, ${machine.cores} cores`,
    `Node ${machine.node}`,
    ...(machine.commit === undefined ? [] : [`commit ${machine.commit}`]),
    `rounds: ${options.rounds}`,
    `a JSON answer straight from the model server takes ${decimal(directMs, 2)} ms`,
    ...(options.profile ? ['**with the profiler on**'] : []),
    ...(options.quick ? ['**quick: not for comparison**'] : []),
  ];
  return facts.join(' · ');
}
