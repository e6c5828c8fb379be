import type { ChildServer } from './child-server.ts';
import { drive, type Load } from './load-client.ts';
import type { LoadFigures } from './load-meter.ts';
import type { LoadTarget } from './load-target.ts';
import { readProbe, resetProbe, type ProbeFigures } from './probe-figures.ts';
import { machineCpuMs, processCpuMs, treeUse, type TreeUse } from './process-tree.ts';

/** What is measured and by what. */
export interface Bench {
  readonly server: ChildServer;
  readonly model: ChildServer;
  readonly target: LoadTarget;
  /** Processes that count as the server's: itself and what it has started. */
  readonly roots: () => readonly number[];
}

/** The server's own part and its database's. */
export interface ByProgram {
  readonly node: number;
  readonly postgres: number;
}

/** One load on one server, all of it over the same window. */
export interface Measurement extends LoadFigures {
  readonly cpuMs: ByProgram;
  readonly cpuMsPerAnswer: ByProgram;
  readonly cpuUsPerToken: ByProgram;
  /** The highest of the samples taken in the window. */
  readonly memoryMb: ByProgram;
  readonly loopLagMs: ProbeFigures['loopLagMs'];
  readonly loopUtilization: number;
  /** Of the whole load, ramp and drain included. */
  readonly statementsPerAnswer: number;
  readonly commitsPerAnswer: number;
  /** Share of one core that the load client and the model server used together; near 1 they are the limit. */
  readonly loadSideUse: number;
  /** Share of one core that everything else on the machine took; a disturbance. */
  readonly foreignUse: number;
}

const MEMORY_SAMPLE_MS = 500;
const BYTES_PER_MB = 1_000_000;

export async function measure({ server, model, target, roots }: Bench, load: Load): Promise<Measurement> {
  const counted = await readProbe(server.child);
  const memory = new MemoryPeak(roots);
  const sample = () => ({
    tree: treeUse(roots(), { memory: false }),
    side: loadSideCpuMs(model),
    machine: machineCpuMs(),
  });
  let before = sample();
  let after = before;
  let probe: Promise<ProbeFigures> | undefined;
  const figures = await drive(target, load, {
    opened: () => {
      resetProbe(server.child);
      memory.start();
      before = sample();
    },
    closed: () => {
      after = sample();
      memory.stop();
      probe = readProbe(server.child);
      probe.catch(() => undefined);
    },
  });
  model.mustRun();
  server.mustRun();
  const { loopLagMs, loopUtilization } = await (probe ?? readProbe(server.child));
  const end = await readProbe(server.child);
  const cpuMs = {
    node: after.tree.node.cpuMs - before.tree.node.cpuMs,
    postgres: after.tree.postgres.cpuMs - before.tree.postgres.cpuMs,
  };
  const loadSideMs = after.side - before.side;
  const foreignMs = after.machine - before.machine - cpuMs.node - cpuMs.postgres - loadSideMs;
  return {
    ...figures,
    cpuMs,
    cpuMsPerAnswer: shared(cpuMs, figures.answers),
    cpuUsPerToken: shared(cpuMs, figures.tokens / 1000),
    memoryMb: memory.peak,
    loopLagMs,
    loopUtilization,
    statementsPerAnswer: ratio(end.statements - counted.statements, figures.allAnswers),
    commitsPerAnswer: ratio(end.commits - counted.commits, figures.allAnswers),
    loadSideUse: loadSideMs / figures.windowMs,
    foreignUse: Math.max(0, foreignMs) / figures.windowMs,
  };
}

/** Resident memory now, in MB. */
export function memoryMb(use: TreeUse): ByProgram {
  return { node: use.node.memoryBytes / BYTES_PER_MB, postgres: use.postgres.memoryBytes / BYTES_PER_MB };
}

class MemoryPeak {
  peak: ByProgram = { node: 0, postgres: 0 };
  private readonly roots: () => readonly number[];
  private timer: NodeJS.Timeout | undefined;

  constructor(roots: () => readonly number[]) {
    this.roots = roots;
  }

  start(): void {
    this.timer = setInterval(() => this.sample(), MEMORY_SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.sample();
  }

  private sample(): void {
    const { node, postgres } = memoryMb(treeUse(this.roots(), { memory: true }));
    this.peak = { node: Math.max(node, this.peak.node), postgres: Math.max(postgres, this.peak.postgres) };
  }
}

function loadSideCpuMs(model: ChildServer): number {
  return processCpuMs(process.pid) + processCpuMs(model.pid);
}

function shared(amount: ByProgram, count: number): ByProgram {
  return { node: ratio(amount.node, count), postgres: ratio(amount.postgres, count) };
}

function ratio(amount: number, count: number): number {
  return count > 0 ? amount / count : 0;
}
