import type { TokenUsage } from '../../llm/chat-model.js';
import type { Problem } from '../../platform/problem/problem.js';
import type { StartedChild } from '../graph/execution.js';
import type { ChildResult } from '../node/node-type.js';
import type { DefinitionLimits } from '../definition/definition.js';
import { tokensExceeded } from '../workflow.errors.js';
import { sum } from './token-sum.js';
import type { ChildState } from './run-event.js';
import type { Run } from './run.js';

interface Child {
  readonly state: ChildState;
  readonly controller: AbortController;
  readonly limits: DefinitionLimits;
  usage: TokenUsage | undefined;
  /** Of answers whose usage is not known yet, by estimate. */
  unspentTokens: number;
  cost: number | null;
  toolCalls: number;
  decision?: unknown;
}

type Path = readonly string[];

/** What earlier attempts at the run have used. */
interface Used {
  readonly spent: readonly { readonly path: Path; readonly usage: TokenUsage; readonly cost: number | null }[];
  readonly toolCalls: readonly Path[];
}

/** The child runs of a run that is executed here, while they go on. */
export class ChildRuns {
  /** By path. */
  private readonly open = new Map<string, Child>();
  private readonly controllers = new Map<string, AbortController>();

  constructor(private readonly root: Run) {}

  /** Ids of the children that go on. */
  get ids(): readonly string[] {
    return [...this.controllers.keys()];
  }

  /** A child begins, or goes on after earlier attempts. */
  begin(path: Path, started: StartedChild, used: Used = { spent: [], toolCalls: [] }): ChildState {
    const { id, parentRunId, workflow, input, startedAt, limits = {} } = started;
    const state: ChildState = {
      id,
      rootRunId: this.root.id,
      parentRunId,
      path,
      status: 'running',
      workflow,
      input,
      startedAt: startedAt.toISOString(),
    };
    const isInside = (where: Path): boolean => path.every((name, index) => where[index] === name);
    const child: Child = {
      state,
      controller: this.controllerOf(id),
      limits,
      usage: undefined,
      unspentTokens: 0,
      cost: 0,
      toolCalls: used.toolCalls.filter(isInside).length,
    };
    this.open.set(path.join('/'), child);
    for (const { path: where, usage, cost } of used.spent) if (isInside(where)) add(child, usage, cost);
    return state;
  }

  end(path: Path, result: ChildResult): ChildState | undefined {
    const key = path.join('/');
    const child = this.open.get(key);
    if (!child) return undefined;
    this.open.delete(key);
    this.controllers.delete(child.state.id);
    const { status, output, problem, durationMs } = result;
    return {
      ...child.state,
      status: status === 'skipped' ? 'cancelled' : status,
      output,
      problem,
      decision: child.decision,
      usage: child.usage ?? null,
      cost: child.cost,
      durationMs,
      endedAt: new Date().toISOString(),
    };
  }

  decide(path: Path, decision: unknown): void {
    const child = this.open.get(path.join('/'));
    if (child) child.decision = decision;
  }

  /** Adds what a model call cost to every child it was made inside of. */
  spend(path: Path, usage: TokenUsage, cost: number | null): void {
    for (const child of this.around(path)) add(child, usage, cost);
  }

  /** Counts a piece of an answer, of so many tokens by estimate, for every child it was said inside of. */
  hear(path: Path, tokens: number): void {
    for (const child of this.around(path)) {
      child.unspentTokens += tokens;
      stopWhenSpent(child);
    }
  }

  /** Counts a tool call for every child it is made inside of; false when one of them has had as many as it may. */
  takeToolCall(path: Path): boolean {
    let isWithin = true;
    for (const child of this.around(path)) {
      child.toolCalls += 1;
      isWithin &&= child.toolCalls <= (child.limits.maxToolCalls ?? Infinity);
    }
    return isWithin;
  }

  usageOf(childRunId: string): TokenUsage | null {
    for (const { state, usage } of this.open.values()) if (state.id === childRunId) return usage ?? null;
    return null;
  }

  /** Aborted when this child alone is to end. */
  signalOf(childRunId: string): AbortSignal {
    return this.controllerOf(childRunId).signal;
  }

  /** Also one that this attempt has not come to yet. */
  cancel(childRunId: string, problem: Problem): void {
    this.controllerOf(childRunId).abort(problem);
  }

  private controllerOf(childRunId: string): AbortController {
    const controller = this.controllers.get(childRunId) ?? new AbortController();
    this.controllers.set(childRunId, controller);
    return controller;
  }

  /** The children that go on around a path. */
  private around(path: Path): readonly Child[] {
    return path.flatMap((_, index) => this.open.get(path.slice(0, index + 1).join('/')) ?? []);
  }
}

function add(child: Child, usage: TokenUsage, cost: number | null): void {
  child.usage = sum(child.usage, usage);
  child.unspentTokens = 0;
  child.cost = child.cost === null || cost === null ? null : child.cost + cost;
  stopWhenSpent(child);
}

/** A child that has used the tokens of its definition ends, and nothing around it. */
function stopWhenSpent({ usage, unspentTokens, limits, controller }: Child): void {
  const { maxTokens = Infinity } = limits;
  if ((usage?.totalTokens ?? 0) + unspentTokens > maxTokens) controller.abort(tokensExceeded(maxTokens));
}
