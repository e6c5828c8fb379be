import { decimal, seconds, total, whole } from './figure-format.ts';
import { markdownTable } from './markdown-table.ts';
import type { Measurement } from './measurement.ts';
import type { ReportedSystem } from './reported-system.ts';
import { FULL_RATE } from './workload.ts';

/** One line a system: what is compared first. A figure that was not measured is a dash. */
export function summaryTable(systems: readonly ReportedSystem[]): string {
  return markdownTable<ReportedSystem>(
    [
      { title: 'system', value: ({ name }) => name },
      { title: 'W1 requests/s (CPU ms/request), 16 clients', value: at('W1 c16', answers) },
      { title: 'W2 tokens/s (CPU us/token), 64 clients', value: at('W2 c64', stream) },
      { title: 'W3 tokens/s (of full rate), 500 streams', value: at('W3 c500', paced) },
      { title: 'W4 runs/s (CPU ms/run), 10 pure steps', value: at('W4 pure c16', answers) },
      { title: '10 durable steps', value: at('W4 durable c16', answers) },
      { title: 'start CPU s', value: ({ typical }) => seconds(typical.start.readyCpuMs) },
      { title: 'idle MB', value: ({ typical }) => whole(total(typical.idleMb)) },
    ],
    systems,
  );
}

function at(id: string, cell: (measured: Measurement) => string): (system: ReportedSystem) => string {
  return ({ typical: { measurements } }) => {
    const measured = measurements[id];
    return measured ? cell(measured) : '-';
  };
}

function answers({ requestsPerSecond, cpuMsPerAnswer }: Measurement): string {
  return `${whole(requestsPerSecond)} (${decimal(total(cpuMsPerAnswer), 2)})`;
}

function stream({ tokensPerSecond, cpuUsPerToken }: Measurement): string {
  return `${whole(tokensPerSecond)} (${decimal(total(cpuUsPerToken), 1)})`;
}

function paced({ tokensPerSecond }: Measurement): string {
  return `${whole(tokensPerSecond)} (${decimal(tokensPerSecond / FULL_RATE, 3)})`;
}
