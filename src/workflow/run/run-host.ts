import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../platform/clock/id.js';
import { ClaimLost } from '../../tool/ledger/tool-call.js';
import { isDatabaseUnavailable } from '../../platform/database/fault.js';
import type { Problem } from '../../platform/problem/problem.js';
import type { Allowance } from '../../usage/budget/allowance.js';
import type { Budgets } from '../../usage/budget/budgets.js';
import type { ApprovalRepository, Outcome } from '../approval/approval.repository.js';
import { BranchCancelled, type GraphEvent, type Reached, type RunHost } from '../graph/execution.js';
import type { ApprovalDecision, ApprovalRequest, AskedCall, Question, SharedAnswer } from '../node/node-type.js';
import { runCancelled } from '../workflow.errors.js';
import { HandedOver, PutAside, type ActiveRun } from './active-run.js';
import type { EventLog } from './event-log.js';
import { problemOf } from './run-ender.js';
import { spenderOf } from './run.js';
import type { RunAnswers } from './run-answers.js';
import type { RunTrace } from './run-trace.js';

/** A timer this near is waited for in this process. */
const NEAR_MS = 2_000;
const MAX_TIMER_MS = 2_147_483_647;

interface Waiting {
  /** When it goes on by itself. */
  readonly until: Date;
  readonly approvalId?: string;
  /** Looks again at what it waits for. */
  readonly wake: () => void;
}

/** What a run that this process executes gives to the graphs it consists of. */
export class ActiveRunHost implements RunHost {
  private readonly logger = new Logger('RunHost');
  private readonly waiting = new Set<Waiting>();
  private readonly deadlines = new Set<{ readonly at: Date }>();
  /** Ids of the approvals that this attempt asked for. */
  private readonly asked = new Set<string>();
  private work = 0;
  private isPausing = false;
  /** Something effectful has ended whose result is not known to be in the log. */
  private isUnsettled = false;
  /** Under way: what has ended is being made durable. */
  private settling: Promise<void> | undefined;
  private look: NodeJS.Immediate | undefined;

  constructor(
    private readonly active: ActiveRun,
    private readonly log: EventLog,
    private readonly approvals: ApprovalRepository,
    private readonly budgets: Budgets,
    private readonly shares: RunAnswers,
    private readonly trace?: RunTrace,
  ) {}

  tell(event: GraphEvent): void {
    this.trace?.hear(event);
    this.active.hear(event);
    if (event.kind === 'nodeEnd' ? event.result !== undefined : event.kind === 'childEnd') this.isUnsettled = true;
    this.log.touch(this.active.journal);
  }

  within<Result>(path: readonly string[], work: () => Result): Result {
    return this.trace ? this.trace.within(path, work) : work();
  }

  room(): Promise<void> | undefined {
    const { journal, signal } = this.active;
    return journal.isFull ? this.log.relief(journal, signal) : undefined;
  }

  recall(path: readonly string[]) {
    return this.active.recall(path);
  }

  admit(effectful: boolean): Promise<void> | undefined {
    if (this.isPausing) return this.hold();
    return effectful ? this.effectsSettled() : undefined;
  }

  busy(change: 1 | -1): void {
    this.work += change;
    if (this.work > 0 || this.look) return;
    this.look = setImmediate(() => {
      this.look = undefined;
      this.putAsideWhenIdle();
    });
  }

  async until(at: Date, signal: AbortSignal): Promise<void> {
    await this.wait(at, undefined, signal, () => Promise.resolve(false));
  }

  async approval(
    path: readonly string[],
    key: string,
    request: ApprovalRequest,
    signal: AbortSignal,
  ): Promise<ApprovalDecision> {
    const { id, expiresAt } = this.active.approval(path, key) ?? this.ask(path, key, request);
    let outcome: Outcome | undefined;
    await this.wait(expiresAt, id, signal, async () => {
      outcome = await this.approvals.outcome(id);
      return outcome !== undefined;
    });
    outcome ??= await this.expired(id);
    const approved = outcome.status === 'approved' || (outcome.status === 'expired' && request.onExpire === 'approve');
    const { callId } = request;
    const decision = outcome.status === 'expired' ? 'expired' : outcome.status;
    if (!this.active.isDecisionTold(id)) {
      const { by, reason } = outcome;
      this.active.record('approval_decided', { path, approvalId: id, callId, decision, approved, by, reason });
      this.log.touch(this.active.journal);
    }
    return {
      approvalId: id,
      approved,
      expired: outcome.status === 'expired',
      by: outcome.by,
      reason: outcome.reason,
      argumentsHash: outcome.argumentsHash,
      arguments: outcome.arguments,
    };
  }

  deadline(at: Date): () => void {
    const deadline = { at };
    this.deadlines.add(deadline);
    return () => this.deadlines.delete(deadline);
  }

  takeToolCall(path: readonly string[], callId: string): boolean {
    return this.active.takeToolCall(path, callId);
  }

  reserve(path: readonly string[], call: AskedCall, signal: AbortSignal): Promise<Allowance | undefined> {
    const { run } = this.active;
    return this.budgets.reserve({
      ...call,
      spender: spenderOf(run),
      run: { id: run.id, fence: run.fence },
      signal,
      warn: (detail) => this.tell({ kind: 'node', path, event: { type: 'note', code: 'budget-warning', detail } }),
      refused: (problem) => this.active.stop(problem),
    });
  }

  shared(question: Question, signal: AbortSignal): Promise<SharedAnswer | undefined> | undefined {
    if (this.active.isGuarded) return undefined;
    return this.shares.of(this.active.run, question, signal)?.then((shared) => {
      if (shared) this.active.lookUp(shared.kind === 'known');
      return shared;
    });
  }

  answered(path: readonly string[], messageKey: string) {
    return this.active.answered(path, messageKey);
  }

  hasTold(path: readonly string[], note: { readonly code: string; readonly detail: string }): boolean {
    return this.active.hasTold(path, note);
  }

  settled(): Promise<void> {
    return this.log.settle(this.active.journal);
  }

  childSignal(childRunId: string): AbortSignal {
    return this.active.children.signalOf(childRunId);
  }

  usageOf(childRunId: string) {
    return this.active.children.usageOf(childRunId);
  }

  partialOutput(path: readonly string[], reached: Reached): unknown {
    return this.active.partialOutput(path, reached);
  }

  isOwnTrouble(error: unknown): boolean {
    return isDatabaseUnavailable(error) || error instanceof ClaimLost;
  }

  problemOf(error: unknown): Problem {
    if (error instanceof PutAside || error instanceof HandedOver) return runCancelled('It goes on later.');
    if (error instanceof BranchCancelled) return runCancelled('Nothing waits for its result any more.');
    return problemOf(error, this.active.run, this.logger);
  }

  /** Somebody may have decided: looks at every approval that is waited for. */
  wake(): void {
    for (const { wake } of this.waiting) wake();
  }

  /** Begins no further step; the run is put aside as paused once those that run have ended. */
  pause(): void {
    this.isPausing = true;
    this.busy(1);
    this.busy(-1);
  }

  /** The approvals waited for. */
  get pendingApprovals(): readonly string[] {
    return [...this.waiting].flatMap(({ approvalId }) => approvalId ?? []);
  }

  /** When the first of what is waited for goes on by itself, or is over. */
  private get wakesAt(): Date | undefined {
    const times = [
      ...[...this.waiting].map(({ until }) => until.getTime()),
      ...[...this.deadlines].map(({ at }) => at.getTime()),
    ];
    return times.length === 0 ? undefined : new Date(Math.min(...times));
  }

  /** Nothing goes on: whatever is waited for comes from outside, or late. */
  private putAsideWhenIdle(): void {
    if (this.work > 0 || !this.active.isHeard) return;
    if (this.isPausing) return this.putAside('paused');
    if (this.waiting.size === 0) return;
    const leftMs = (this.wakesAt?.getTime() ?? 0) - Date.now();
    if (leftMs >= NEAR_MS || (leftMs > 0 && this.hasJustAsked)) this.putAside('waiting');
  }

  /** Whoever waits for the run is told of a person it waits for, however soon it would go on. */
  private get hasJustAsked(): boolean {
    return this.pendingApprovals.some((id) => this.asked.has(id));
  }

  private putAside(status: 'waiting' | 'paused'): void {
    this.active.stop(new PutAside(status, this.wakesAt, this.pendingApprovals));
  }

  /** Waits until `at`, or until `isOver` says so after a wake. @throws the reason of `signal` */
  private async wait(
    at: Date,
    approvalId: string | undefined,
    signal: AbortSignal,
    isOver: () => Promise<boolean>,
  ): Promise<void> {
    let woken: (() => void) | undefined;
    const waiting: Waiting = { until: at, approvalId, wake: () => woken?.() };
    this.waiting.add(waiting);
    try {
      for (let left = at.getTime() - Date.now(); left > 0; left = at.getTime() - Date.now()) {
        const wakes = new Promise<void>((resolve) => {
          woken = resolve;
        });
        if (await this.working(isOver)) return;
        const timer = new AbortController();
        const stop = AbortSignal.any([signal, timer.signal]);
        try {
          await Promise.race([wakes, sleep(Math.min(left, MAX_TIMER_MS), undefined, { signal: stop })]);
        } finally {
          timer.abort();
        }
        signal.throwIfAborted();
      }
    } finally {
      this.waiting.delete(waiting);
    }
  }

  private ask(
    path: readonly string[],
    key: string,
    request: ApprovalRequest,
  ): { readonly id: string; readonly expiresAt: Date } {
    const { kind, title, detail, tool, callId, risk, argumentsHash, onExpire, expiresInMs, arguments: given } = request;
    const id = newId();
    const expiresAt = new Date(Date.now() + expiresInMs);
    const fields = { title, detail, callId, tool, arguments: given, risk };
    const at = expiresAt.toISOString();
    this.active.record(
      'approval_required',
      { path, approvalId: id, key, ...fields, expiresAt: at },
      { approval: { id, runId: this.active.run.id, path, kind, ...fields, argumentsHash, onExpire, expiresAt: at } },
    );
    this.log.touch(this.active.journal);
    this.asked.add(id);
    return { id, expiresAt };
  }

  /** What to wait for until all that has ended is durable, also when another step waits for that already. */
  private effectsSettled(): Promise<void> | undefined {
    if (!this.isUnsettled) return this.settling;
    this.isUnsettled = false;
    const settling = this.log.settle(this.active.journal).finally(() => {
      if (this.settling === settling) this.settling = undefined;
    });
    this.settling = settling;
    return settling;
  }

  /** Its time is over. */
  private expired(id: string): Promise<Outcome> {
    return this.working(async () => {
      await this.log.settle(this.active.journal);
      return this.approvals.expire(id);
    });
  }

  /** Looking is work: a run that is put aside meanwhile would not see what it was woken for. */
  private async working<Result>(look: () => Promise<Result>): Promise<Result> {
    this.busy(1);
    try {
      return await look();
    } finally {
      this.busy(-1);
    }
  }

  private async hold(): Promise<void> {
    this.busy(-1);
    const { signal } = this.active;
    try {
      await new Promise<never>((_, reject) => {
        const stop = (): void => reject(signal.reason as Error);
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop, { once: true });
      });
    } finally {
      this.busy(1);
    }
  }
}
