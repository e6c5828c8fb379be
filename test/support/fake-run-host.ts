import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseUnavailable } from '../../src/platform/database/fault.js';
import { Problem } from '../../src/platform/problem/problem.js';
import {
  BranchCancelled,
  type GraphEvent,
  type GraphExecution,
  type Reached,
  type RunHost,
} from '../../src/workflow/graph/execution.js';
import type { ApprovalDecision, ApprovalRequest } from '../../src/workflow/node/node-type.js';
import { ActiveRun } from '../../src/workflow/run/active-run.js';
import type { NewEvent } from '../../src/workflow/run/run-event.js';
import { RunMemory } from '../../src/workflow/run/run-memory.js';
import type { Run } from '../../src/workflow/run/run.js';
import { runCancelled, runFailed } from '../../src/workflow/workflow.errors.js';

interface Asked {
  readonly path: string;
  readonly key: string;
  readonly request: ApprovalRequest;
  readonly answer: (decision: Partial<ApprovalDecision>) => void;
}

const BOUNDS = { maxTokens: Infinity, maxToolCalls: Infinity, maxStepBytes: Infinity };

/** A run in memory: it hears what its graphs tell, with the log and the memory of real runs, but no database. */
export class FakeRunHost implements RunHost {
  /** What the graphs told, in order. */
  readonly events: GraphEvent[] = [];
  /** What the log of the run holds, earlier attempts included. */
  readonly log: NewEvent[];
  readonly asked: Asked[] = [];
  /** The effectful steps that asked to be admitted, and the others. */
  readonly admitted: boolean[] = [];
  /** What {@link busy} has come to, and the least it ever was. */
  work = 0;
  leastWork = 0;
  /** Set to keep every step from beginning. */
  gate: Promise<void> | undefined;
  private readonly active: ActiveRun;

  constructor(log: readonly NewEvent[] = []) {
    this.log = [...log];
    this.active = new ActiveRun({ id: 'r', fence: 1, executedMs: 0, attempt: 1 } as Run, BOUNDS);
    if (log.length === 0) return;
    const memory = new RunMemory();
    memory.read(log.map((event) => ({ ...event, result: event.result ?? null })));
    this.active.remember(memory);
  }

  /** The next attempt at the run, when the first `count` events of the log were written before the process died. */
  resumed(count = this.log.length): FakeRunHost {
    return new FakeRunHost(this.log.slice(0, count));
  }

  tell(event: GraphEvent): void {
    this.events.push(event);
    this.active.hear(event);
    this.log.push(...this.active.journal.take());
  }
  within<Result>(_: readonly string[], work: () => Result): Result {
    return work();
  }
  room(): Promise<void> | undefined {
    return undefined;
  }
  recall(path: readonly string[]) {
    return this.active.recall(path);
  }
  admit(effectful: boolean): Promise<void> | undefined {
    this.admitted.push(effectful);
    return this.gate;
  }
  busy(change: 1 | -1): void {
    this.work += change;
    this.leastWork = Math.min(this.leastWork, this.work);
  }
  async until(at: Date, signal: AbortSignal): Promise<void> {
    await sleep(Math.max(0, at.getTime() - Date.now()), undefined, { signal });
  }
  approval(
    path: readonly string[],
    key: string,
    request: ApprovalRequest,
    signal: AbortSignal,
  ): Promise<ApprovalDecision> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => reject(signal.reason as Error);
      if (signal.aborted) return refuse();
      signal.addEventListener('abort', refuse, { once: true });
      const answer = (decision: Partial<ApprovalDecision>): void =>
        resolve({ approvalId: 'a', approved: true, expired: false, ...decision });
      this.asked.push({ path: path.join('/'), key, request, answer });
    });
  }
  deadline(): () => void {
    return () => undefined;
  }

  partialOutput(path: readonly string[], reached: Reached): unknown {
    return this.active.partialOutput(path, reached);
  }

  isOwnTrouble(error: unknown): boolean {
    return isDatabaseUnavailable(error);
  }

  takeToolCall(path: readonly string[], callId: string): boolean {
    return this.active.takeToolCall(path, callId);
  }
  shared() {
    return undefined;
  }
  async reserve() {
    return undefined;
  }
  answered(path: readonly string[], messageKey: string) {
    return this.active.answered(path, messageKey);
  }
  hasTold(path: readonly string[], note: { readonly code: string; readonly detail: string }) {
    return this.active.hasTold(path, note);
  }
  async settled(): Promise<void> {}
  childSignal(childRunId: string): AbortSignal {
    return this.active.children.signalOf(childRunId);
  }
  usageOf(childRunId: string) {
    return this.active.children.usageOf(childRunId);
  }
  problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof BranchCancelled) return runCancelled('Nothing waits for its result any more.');
    return runFailed(error instanceof Error ? error.message : String(error), { cause: error });
  }

  /** Cancels the child run at `path`, as a person would. */
  cancelChild(path: string): void {
    const started = this.of('childStart').find((event) => event.path.join('/') === path);
    this.active.cancel(started?.child.id ?? 'none');
  }

  of<Kind extends GraphEvent['kind']>(kind: Kind): readonly Extract<GraphEvent, { kind: Kind }>[] {
    return this.events.filter((event): event is Extract<GraphEvent, { kind: Kind }> => event.kind === kind);
  }
  /** What happened, in short: `nodeStart a`, `nodeEnd succeeded a`, `childEnd failed a/b`. */
  get told(): readonly string[] {
    return this.events.map((event) => [event.kind, statusOf(event), event.path.join('/')].filter(Boolean).join(' '));
  }
  /** The nodes that have begun, by path. */
  get begun(): readonly string[] {
    return this.of('nodeStart').map(({ path }) => path.join('/'));
  }
  /** How the nodes ended, by path. */
  get ended(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.of('nodeEnd').map(({ path, status }) => [path.join('/'), status]));
  }
}

function statusOf(event: GraphEvent): string {
  if (event.kind === 'nodeEnd') return event.status;
  return event.kind === 'childEnd' ? event.result.status : '';
}

/** One execution of a graph, of a run that has nothing but what the test says. */
export function graphExecution(host: RunHost, parts: Partial<GraphExecution> = {}): GraphExecution {
  return {
    run: { id: 'r', workspaceId: 'w', userId: 'u', conversationId: 'c' },
    path: [],
    input: { message: 'Hello', n: 3 },
    variables: {},
    messages: [{ role: 'user', content: 'Hello' }],
    nodeTimeoutMs: 10_000,
    signal: new AbortController().signal,
    host,
    ...parts,
  };
}
