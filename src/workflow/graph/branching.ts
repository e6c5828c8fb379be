import type { ProblemBody } from '../../platform/problem/problem.js';
import type { EdgeDefinition } from '../definition/definition.js';
import type { BranchResult, Gathering } from '../node/node-type.js';
import { BranchCancelled, type GraphExecution } from './execution.js';
import { merged, type GraphState, type GraphUpdate } from './graph-state.js';
import type { Region } from './region.js';
import type { Step } from './step.js';

export interface RegionNode {
  readonly step: Step;
  readonly gathering: Gathering;
}

/** Without a join, branches that meet wait for one another. */
export const MEETING: Gathering = { wait: Infinity, takesFailures: false };

type Way =
  | { readonly is: 'open' }
  | { readonly is: 'taken'; readonly past: ReadonlySet<string> }
  | { readonly is: 'dead' }
  | { readonly is: 'cancelled' }
  | { readonly is: 'failed'; readonly problem: ProblemBody };

const OPEN: Way = { is: 'open' };
const DEAD: Way = { is: 'dead' };
const CANCELLED: Way = { is: 'cancelled' };
const NOTHING: ReadonlySet<string> = new Set();

/**
 * Runs the branches of a region, each at its own pace: a node begins as soon as its ways in allow, whatever goes on
 * beside it. (A superstep of LangGraph would wait for the slowest branch at every step.) Answers what the branches have
 * made of the state, also when none of them came to the exit.
 * @throws what a node threw whose failure nothing takes, once the others are stopped
 */
export function runRegion(
  region: Region,
  nodes: ReadonlyMap<string, RegionNode>,
  entry: GraphState,
  execution: GraphExecution,
): Promise<GraphState> {
  return new RegionRun(region, nodes, entry, execution).run();
}

class RegionRun {
  /** By edge: what came over it. */
  private readonly ways = new Map<EdgeDefinition, Way>();
  private readonly into: ReadonlyMap<string, readonly EdgeDefinition[]>;
  private readonly outOf: ReadonlyMap<string, readonly EdgeDefinition[]>;
  /** Nodes that have begun, or never will. */
  private readonly settled = new Set<string>();
  private readonly running = new Map<string, AbortController>();
  /** What each node that has ended changed. */
  private readonly updates = new Map<string, GraphUpdate>();
  /** The nodes on the ways to where paths ended, themselves included. */
  private readonly ends = new Map<string, ReadonlySet<string>>();
  private readonly stop = new AbortController();
  private resolve: (state: GraphState) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;
  private fault: { readonly error: unknown } | undefined;

  constructor(
    private readonly region: Region,
    private readonly nodes: ReadonlyMap<string, RegionNode>,
    private readonly entry: GraphState,
    private readonly execution: GraphExecution,
  ) {
    const edges = [...region.entries, ...region.edges];
    for (const edge of edges) this.ways.set(edge, OPEN);
    this.into = Map.groupBy(edges, ({ to }) => to);
    this.outOf = Map.groupBy(region.edges, ({ from }) => from);
  }

  async run(): Promise<GraphState> {
    const { host } = this.execution;
    const done = new Promise<GraphState>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.spareWhatIsMoot();
    for (const edge of this.region.entries) this.decide(edge, { is: 'taken', past: new Set() });
    this.finishWhenIdle();
    host.busy(-1);
    try {
      return await done;
    } finally {
      host.busy(1);
    }
  }

  /** Branches whose join has gone on without them in an earlier attempt do not begin again. */
  private spareWhatIsMoot(): void {
    const { host, path } = this.execution;
    for (const [id, { gathering }] of this.nodes) {
      if (gathering.wait === Infinity || !host.recall([...path, id])?.result) continue;
      for (const earlier of this.before(id)) if (!host.recall([...path, earlier])?.hasEnded) this.cancel(earlier);
    }
  }

  private decide(edge: EdgeDefinition, way: Way): void {
    if (this.ways.get(edge)?.is !== 'open') return;
    this.ways.set(edge, way);
    this.consider(edge.to);
  }

  /** Begins the node, or gives it up, when what has come over its ways in decides that. */
  private consider(id: string): void {
    const node = this.nodes.get(id);
    if (!node || this.settled.has(id) || this.fault) return;
    const ways = (this.into.get(id) ?? []).map((edge) => this.ways.get(edge) ?? OPEN);
    const taken = ways.flatMap((way) => (way.is === 'taken' ? [way.past] : []));
    const isDecided = ways.every(({ is }) => is !== 'open');
    const failed = ways.find((way) => way.is === 'failed');
    const fails = failed !== undefined && !node.gathering.takesFailures;
    if (!fails) {
      if (taken.length < node.gathering.wait && !isDecided) return;
      if (taken.length > 0 || failed) return this.begin(id, node, taken);
    }
    this.settled.add(id);
    if (fails) for (const earlier of this.before(id)) this.cancel(earlier);
    this.leave(id, undefined, failed ?? (ways.some(({ is }) => is === 'cancelled') ? CANCELLED : DEAD));
  }

  private begin(id: string, { step, gathering }: RegionNode, pasts: readonly ReadonlySet<string>[]): void {
    this.settled.add(id);
    if (gathering.wait !== Infinity) for (const earlier of this.before(id)) this.cancel(earlier);
    const past = new Set([...pasts].flatMap((nodes) => [...nodes]));
    const controller = new AbortController();
    this.running.set(id, controller);
    const signal = AbortSignal.any([this.execution.signal, this.stop.signal, controller.signal]);
    const { host } = this.execution;
    host.busy(1);
    step(this.stateAfter(past), { ...this.execution, signal }, this.branchesInto(id))
      .then(
        (update) => this.complete(id, past, update),
        (error: unknown) => this.fail(id, error),
      )
      .catch((error: unknown) => this.end(error))
      .finally(() => {
        this.running.delete(id);
        this.finishWhenIdle();
        host.busy(-1);
      });
  }

  private complete(id: string, past: ReadonlySet<string>, update: GraphUpdate): void {
    this.updates.set(id, update);
    const whole = new Set(past).add(id);
    const port = update.ends ? undefined : (update.ports?.[id] ?? 'next');
    const taken = (this.outOf.get(id) ?? []).filter((edge) => edge.port === port);
    if (taken.length === 0) this.ends.set(id, whole);
    this.leave(id, taken, DEAD, whole);
  }

  /**
   * What the given nodes made of the state at the entry. Each changes it in turn, in the order of the graph, so that what
   * a branch left alone is never put back over what another changed.
   */
  private stateAfter(past: ReadonlySet<string>): GraphState {
    return this.region.nodes.reduce(
      (state, id) => (past.has(id) ? merged(state, this.updates.get(id) ?? {}) : state),
      this.entry,
    );
  }

  private fail(id: string, error: unknown): void {
    const { signal, host } = this.execution;
    if (this.fault || signal.aborted) return this.end(error);
    if (error instanceof BranchCancelled) return this.leave(id, undefined, CANCELLED);
    if (host.isOwnTrouble(error) || !this.isTaken(id)) return this.end(error);
    this.leave(id, undefined, { is: 'failed', problem: host.problemOf(error).record() });
  }

  private leave(id: string, taken: readonly EdgeDefinition[] | undefined, other: Way, past = NOTHING): void {
    for (const edge of this.outOf.get(id) ?? [])
      this.decide(edge, taken?.includes(edge) ? { is: 'taken', past } : other);
  }

  /** Whether every way on from the node comes to a join that takes failures. */
  private isTaken(id: string): boolean {
    return this.leadsOnlyTo((to) => this.nodes.get(to)?.gathering.takesFailures === true, id);
  }

  /** Whether every way on from the node comes to one that `isMeant`. */
  private leadsOnlyTo(isMeant: (id: string) => boolean, id: string): boolean {
    const seen = new Set([id]);
    for (const from of seen) {
      const exits = this.outOf.get(from) ?? [];
      if (exits.length === 0) return false;
      for (const { to } of exits) if (!isMeant(to)) seen.add(to);
    }
    return true;
  }

  /** Nobody waits for the node any more. */
  private cancel(id: string): void {
    const controller = this.running.get(id);
    if (controller) return controller.abort(new BranchCancelled('Another branch was enough.'));
    if (this.settled.has(id)) return;
    this.settled.add(id);
    this.leave(id, undefined, CANCELLED);
  }

  /** Every node from which edges lead to `id` and nowhere else, in the order of the graph. */
  private before(id: string): readonly string[] {
    const found = new Set<string>();
    const ahead = [id];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      for (const { from } of this.into.get(next) ?? []) {
        if (found.has(from) || !this.nodes.has(from)) continue;
        found.add(from);
        ahead.push(from);
      }
    }
    return this.region.nodes.filter((node) => found.has(node) && this.leadsOnlyTo((to) => to === id, node));
  }

  private branchesInto(id: string): Readonly<Record<string, BranchResult>> {
    const results = (this.into.get(id) ?? []).flatMap((edge): [string, BranchResult][] => {
      const way = this.ways.get(edge) ?? OPEN;
      switch (way.is) {
        case 'taken':
          return [
            [edge.from, { status: 'succeeded', output: this.updates.get(edge.from)?.nodes?.[edge.from]?.output }],
          ];
        case 'failed':
          return [[edge.from, { status: 'failed', problem: way.problem }]];
        case 'cancelled':
        case 'open':
          return [[edge.from, { status: 'cancelled' }]];
        case 'dead':
          return [];
      }
    });
    return Object.fromEntries(results);
  }

  /** With trouble of the process the branches beside it are given up, not ended: a later attempt goes on with them. */
  private end(error: unknown): void {
    if (this.fault) return;
    this.fault = { error };
    const isGivenUp = this.execution.host.isOwnTrouble(error);
    this.stop.abort(isGivenUp ? error : new BranchCancelled('Another branch failed.'));
  }

  private finishWhenIdle(): void {
    if (this.running.size > 0) return;
    if (this.fault) return this.reject(this.fault.error);
    this.resolve(this.stateAfter(new Set([...this.ends.values()].flatMap((nodes) => [...nodes]))));
  }
}
