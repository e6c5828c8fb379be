import { parseArgs } from 'node:util';
import type { System } from './system.ts';
import { systems as known } from './systems.ts';
import { workloads, type Workload } from './workload.ts';

export interface Options {
  readonly systems: readonly System[];
  readonly workloads: readonly Workload[];
  readonly rounds: number;
  readonly quick: boolean;
}

export const USAGE = `node bench/run.ts [--systems=${known.map(({ name }) => name).join(',')}] [--work=W1,W2,W3] [--rounds=1] [--quick]`;

/** @throws with a sentence about the argument that is wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      systems: { type: 'string', default: known.map(({ name }) => name).join(',') },
      work: { type: 'string', default: 'W1,W2,W3' },
      rounds: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 20) throw new Error('--rounds takes 1 to 20.');
  const asked = values.work.split(',');
  const chosen = workloads(values).filter(({ id }) =>
    asked.some((prefix) => id === prefix || id.startsWith(`${prefix} `)),
  );
  if (chosen.length === 0) throw new Error(`--work ${values.work} names no workload; there are W1, W2 and W3.`);
  return { systems: values.systems.split(',').map(systemNamed), workloads: chosen, rounds, quick: values.quick };
}

function systemNamed(name: string): System {
  const system = known.find((candidate) => candidate.name === name);
  if (!system) throw new Error(`--systems names "${name}"; there are ${known.map((one) => one.name).join(', ')}.`);
  return system;
}
