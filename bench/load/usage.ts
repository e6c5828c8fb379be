import { postmaster } from '../embedded-postmaster.ts';
import { treeUse, type TreeUse } from '../process-tree.ts';

/** What the server and its database used while they were watched; null where the machine does not tell. */
export interface Usage {
  readonly cpuSeconds: { readonly node: number; readonly postgres: number } | null;
  readonly peakMemoryMb: { readonly node: number; readonly postgres: number } | null;
}

const EVERY_MS = 1_000;
const MEGABYTE = 1_048_576;

/** Looks at the processes below `pid`, and at the database of a data directory, once a second until it is stopped. */
export class UsageWatch {
  private readonly timer: NodeJS.Timeout;
  private readonly look: () => TreeUse;
  private readonly first: TreeUse;
  private peak = { node: 0, postgres: 0 };

  private constructor(look: () => TreeUse) {
    this.look = look;
    this.first = look();
    this.timer = setInterval(() => this.sample(), EVERY_MS);
  }

  /** Undefined where there is no /proc. */
  static start(pid: number, dataDir: string): UsageWatch | undefined {
    if (process.platform !== 'linux') return undefined;
    return new UsageWatch(() => treeUse([pid, ...postmaster(dataDir)], { memory: true }));
  }

  stop(): Usage {
    clearInterval(this.timer);
    const last = this.sample();
    const cpuOf = (program: keyof TreeUse): number => (last[program].cpuMs - this.first[program].cpuMs) / 1_000;
    const { node, postgres } = this.peak;
    return {
      cpuSeconds: { node: cpuOf('node'), postgres: cpuOf('postgres') },
      peakMemoryMb: { node: node / MEGABYTE, postgres: postgres / MEGABYTE },
    };
  }

  private sample(): TreeUse {
    const use = this.look();
    this.peak = {
      node: Math.max(this.peak.node, use.node.memoryBytes),
      postgres: Math.max(this.peak.postgres, use.postgres.memoryBytes),
    };
    return use;
  }
}
