import { parseArgs } from 'node:util';
import type { System } from './system.ts';
import { systems as known } from './systems.ts';
import type { Load } from './load-client.ts';
import { warmUps, workloads, type Workload } from './workload.ts';

export interface Options {
  readonly systems: readonly System[];
  readonly warmUps: readonly Load[];
  readonly workloads: readonly Workload[];
  readonly rounds: number;
  readonly quick: boolean;
  /** Write CPU profiles of the servers; the figures then include the profiler's cost. */
  readonly profile: boolean;
}

const USAGE = `node bench/run.ts [--systems=${known.map(({ name }) => name).join(',')}] [--work=W1,W2,W3,W4] [--rounds=1] [--quick] [--profile]`;

/** @throws with a sentence about the argument that is wrong, and the usage */
export function readOptions(args: readonly string[]): Options {
  try {
    return parse(args);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`, { cause: error });
  }
}

function parse(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      systems: { type: 'string', default: known.map(({ name }) => name).join(',') },
      work: { type: 'string', default: 'W1,W2,W3,W4' },
      rounds: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
    },
  });
  const { quick, profile } = values;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 20) throw new Error('--rounds takes 1 to 20.');
  const asked = values.work.split(',');
  const chosen = workloads({ quick }).filter(({ id }) =>
    asked.some((prefix) => id === prefix || id.startsWith(`${prefix} `)),
  );
  if (chosen.length === 0)
    throw new Error(
      `--work ${values.work} names no workload; there are W1, W2, W3 and W4, or one of them such as "W4 pure".`,
    );
  return {
    systems: values.systems.split(',').map(systemNamed),
    warmUps: warmUps({ quick }),
    workloads: chosen,
    rounds,
    quick,
    profile,
  };
}

function systemNamed(name: string): System {
  const system = known.find((candidate) => candidate.name === name);
  if (!system) throw new Error(`--systems names "${name}"; there are ${known.map((one) => one.name).join(', ')}.`);
  return system;
}
