import { readdirSync, readFileSync } from 'node:fs';

/** What a process and all its descendants have used, split by program. */
export interface TreeUse {
  readonly node: ProgramUse;
  readonly postgres: ProgramUse;
}

export interface ProgramUse {
  /** User and system time since the start, of ended and reaped children too. */
  readonly cpuMs: number;
  /** Resident memory now: RSS for node; for PostgreSQL the proportional share, since its processes share their buffers. */
  readonly memoryBytes: number;
}

/** USER_HZ of Linux on every architecture that Node runs on. */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4096;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly program: string;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** The use of the trees below `roots`. `memory: false` spares reading the shares of shared pages. */
export function treeUse(roots: readonly number[], options: { readonly memory: boolean }): TreeUse {
  const tree = descendants(roots, everyProcess());
  const use = (postgres: boolean): ProgramUse => {
    const members = tree.filter(({ program }) => (program === 'postgres') === postgres);
    const memory = ({ pid, rssBytes }: Stat) => (postgres ? proportionalBytes(pid, rssBytes) : rssBytes);
    return {
      cpuMs: members.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      memoryBytes: options.memory ? members.reduce((sum, member) => sum + memory(member), 0) : 0,
    };
  };
  return { node: use(false), postgres: use(true) };
}

/** CPU time of one process since its start, in ms. */
export function processCpuMs(pid: number): number {
  return statOf(pid)?.cpuMs ?? 0;
}

/** CPU time that the whole machine has spent since its boot, and that its host took away from it, in ms; see proc(5). */
export function machineCpuMs(): number {
  const fields = (contentOf('/proc/stat') ?? '').split('\n', 1)[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, , , interrupt = 0, softInterrupt = 0, stolen = 0] = fields;
  return (user + nice + system + interrupt + softInterrupt + stolen) * MS_PER_TICK;
}

function everyProcess(): Stat[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .flatMap((pid) => statOf(pid) ?? []);
}

function descendants(roots: readonly number[], processes: readonly Stat[]): Stat[] {
  const children = Map.groupBy(processes, ({ parent }) => parent);
  const tree = new Set(processes.filter(({ pid }) => roots.includes(pid)));
  for (const member of tree) for (const child of children.get(member.pid) ?? []) tree.add(child);
  return [...tree];
}

/** Fields of /proc/<pid>/stat, see proc(5); undefined when the process is gone. */
function statOf(pid: number): Stat | undefined {
  const text = contentOf(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const nameEnd = text.lastIndexOf(')');
  const fields = text
    .slice(nameEnd + 2)
    .split(' ')
    .map(Number);
  const field = (number: number) => fields[number - 3] ?? 0;
  return {
    pid,
    parent: field(4),
    program: text.slice(text.indexOf('(') + 1, nameEnd),
    cpuMs: (field(14) + field(15) + field(16) + field(17)) * MS_PER_TICK,
    rssBytes: field(24) * PAGE_BYTES,
  };
}

function proportionalBytes(pid: number, otherwise: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(contentOf(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
  return kilobytes === undefined ? otherwise : Number(kilobytes) * 1024;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
