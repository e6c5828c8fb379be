import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenUsage } from '../../llm/chat-model.js';
import { RecentReads } from '../../platform/cache/recent-reads.js';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import type { Problem } from '../../platform/problem/problem.js';
import { Allowance } from './allowance.js';
import {
  amountOf,
  concerns,
  grantOf,
  isExhausted,
  isNearlyExhausted,
  type Budget,
  type BudgetState,
  type Grant,
  type Spender,
} from './budget.js';
import { exceeded, warningOf } from './budget.errors.js';
import { BudgetRepository, type Holder } from './budget.repository.js';
import { Turns } from './turns.js';

/** A change made by another process is seen after this time at the latest. */
const MAX_AGE_MS = 3_000;
const WORKSPACES_REMEMBERED = 5_000;

/** Tokens reserved at a time for an answer whose length nobody knows. */
const SLICE_TOKENS = 256;

/** How long a call waits for room that other calls have reserved and may not use, and how often it looks. */
const WAIT_MS = 5_000;
const FIRST_LOOK_MS = 25;
const LONGEST_LOOK_MS = 100;

/** A call of a model that is about to be made. */
export interface PlannedCall {
  readonly spender: Spender;
  /** The run whose claim keeps the reservation alive. */
  readonly run: { readonly id: string; readonly fence: number };
  /** provider:model */
  readonly model: string;
  /** Counted only where a budget concerns the call. */
  readonly inputTokens: () => number;
  /** The most that the caller lets the model write. */
  readonly maxTokens?: number;
  readonly costOf: (usage: TokenUsage) => number | null;
  readonly signal: AbortSignal;
  /** Told once a budget and period that most of it is used. */
  readonly warn: (detail: string) => void;
  /** Told that there is no room for the call, or for the rest of its answer. */
  readonly refused: (problem: Problem) => void;
}

/** What bounds the use of models: asked before a run, a call of a model or of a tool begins, whatever process makes it. */
@Injectable()
export class Budgets {
  private readonly recent = new RecentReads<readonly Budget[]>({
    maxAgeMs: MAX_AGE_MS,
    capacity: WORKSPACES_REMEMBERED,
  });

  /** Calls that are about to begin: one at a time looks for room. Those that have begun go before them. */
  private readonly turns = new Turns();

  constructor(
    private readonly repository: BudgetRepository,
    private readonly database: Database,
  ) {}

  /** To be called by whoever changes a budget; acts once the change is committed. */
  changed(workspaceId: string): void {
    this.database.afterCommit(() => this.recent.forget(workspaceId));
  }

  /**
   * Refuses what cannot even begin, before anything of it is stored.
   * @param model when the caller named one
   * @throws Problem budget-exceeded
   */
  async admit(spender: Spender, model?: string): Promise<void> {
    await this.refuseUsedUp(spender, await this.concerning(spender, model));
  }

  /** Refuses a call of a tool when what models may use is used up. @throws Problem budget-exceeded */
  async admitToolCall(spender: Spender): Promise<void> {
    const concerned = await this.concerning(spender);
    // The run that makes the call is counted already.
    await this.refuseUsedUp(
      spender,
      concerned.filter(({ unit }) => unit !== 'runs'),
    );
  }

  /** Whether a budget counts the spender's runs. */
  async countRuns(spender: Spender): Promise<boolean> {
    return (await this.ofRuns(spender)).length > 0;
  }

  /** Takes a run from the budgets of runs, in the transaction that begins it. @throws Problem budget-exceeded */
  async takeRun(spender: Spender): Promise<void> {
    const concerned = await this.ofRuns(spender);
    if (concerned.length === 0) return;
    await this.repository.lock(spender.workspaceId, idsOf(concerned));
    refuseExhausted(await this.repository.states(spender.workspaceId, idsOf(concerned)));
  }

  /**
   * Makes room for a call of a model; undefined when no budget concerns it. Waits a few seconds for room that other calls
   * have reserved. @throws Problem budget-exceeded; the signal's reason
   */
  async reserve(call: PlannedCall): Promise<Allowance | undefined> {
    const concerned = await this.concerning(call.spender, call.model);
    if (concerned.length === 0) return undefined;
    const reservation = new Reservation(call, concerned);
    const slice = Math.min(SLICE_TOKENS, call.maxTokens ?? SLICE_TOKENS);
    const granted = await this.turns.take(reservation.ids.join(), call.signal, () =>
      this.granted(reservation, slice, slice),
    );
    if (granted < 1) throw reservation.refuse();
    return new Allowance({
      id: reservation.id,
      granted,
      slice: SLICE_TOKENS,
      reserve: (outputTokens) => this.granted(reservation, outputTokens, outputTokens - SLICE_TOKENS),
      free: () => this.database.detached(() => this.repository.release(reservation.id)),
      end: (usage) => this.warnAfter(reservation, usage),
      problem: () => reservation.refuse(),
    });
  }

  private async refuseUsedUp({ workspaceId }: Spender, budgets: readonly Budget[]): Promise<void> {
    if (budgets.length === 0) return;
    refuseExhausted(await this.database.detached(() => this.repository.states(workspaceId, idsOf(budgets))));
  }

  private async ofRuns(spender: Spender): Promise<readonly Budget[]> {
    return (await this.concerning(spender)).filter(({ unit }) => unit === 'runs');
  }

  private async concerning(spender: Spender, model?: string): Promise<readonly Budget[]> {
    const { workspaceId } = spender;
    const all = await this.recent.get(workspaceId, () =>
      this.database.detached(() => this.repository.all(workspaceId)),
    );
    return all.length === 0 ? all : all.filter((budget) => concerns(budget, spender, model));
  }

  /**
   * Reserves for `wanted` tokens, or for as many as there is room for; waits, reserving nothing, while others have reserved
   * what is `needed` of them.
   */
  private async granted(reservation: Reservation, wanted: number, needed: number): Promise<number> {
    const { signal } = reservation.call;
    const until = performance.now() + WAIT_MS;
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(LONGEST_LOOK_MS, pause * 2)) {
      signal.throwIfAborted();
      const isLast = performance.now() >= until;
      const { outputTokens } = await this.take(reservation, wanted, isLast ? 0 : needed);
      if (outputTokens !== undefined) return outputTokens;
      await sleep(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * One look at the budgets, and what they have room for reserved: nobody else reserves meanwhile. Undefined when there would
   * be more, and `needed`, if others had reserved less.
   */
  private async take(reservation: Reservation, wanted: number, needed: number): Promise<Partial<Grant>> {
    const { call, holder, ids } = reservation;
    const { workspaceId } = call.spender;
    const warned: BudgetState[] = [];
    const grant = await this.database.detached(() =>
      this.database.transaction(async () => {
        await this.repository.lock(workspaceId, ids);
        const states = await this.repository.states(workspaceId, ids, holder.id);
        reservation.states = states;
        const room = grantOf(states, reservation.demand(wanted));
        const isEnough = room.outputTokens >= Math.min(needed, room.possible);
        if (isEnough && room.amounts.length > 0) await this.repository.reserve(holder, room.amounts);
        for (const state of states)
          if (isNearlyExhausted(state, 0) && (await this.repository.warn(state.id))) warned.push(state);
        return isEnough ? room : { limiting: room.limiting };
      }),
    );
    reservation.limiting = grant.limiting;
    for (const state of warned) call.warn(warningOf(state));
    return grant;
  }

  /** With what the call has used, a budget may be used up to a large part. */
  private async warnAfter({ states, call, demand }: Reservation, usage: TokenUsage): Promise<void> {
    const { inputTokens, costOf } = demand(usage.outputTokens, usage.inputTokens);
    for (const state of states) {
      const more = amountOf(state, { inputTokens, costOf, outputTokens: usage.outputTokens }, usage.outputTokens);
      if (!isNearlyExhausted(state, more)) continue;
      if (await this.database.detached(() => this.repository.warn(state.id))) call.warn(warningOf(state));
    }
  }
}

/** What a call of a model has reserved, and what is known of the budgets it is reserved of. */
class Reservation {
  readonly id = newId();
  states: readonly BudgetState[] = [];
  limiting: BudgetState | undefined;

  private readonly inputTokens: number;

  constructor(
    readonly call: PlannedCall,
    private readonly budgets: readonly Budget[],
  ) {
    this.inputTokens = call.inputTokens();
  }

  get holder(): Holder {
    return { id: this.id, runId: this.call.run.id, fence: this.call.run.fence };
  }

  get ids(): readonly string[] {
    return idsOf(this.budgets);
  }

  readonly demand = (outputTokens: number, inputTokens = this.inputTokens) => ({
    inputTokens,
    outputTokens,
    costOf: (input: number, output: number) =>
      this.call.costOf({ inputTokens: input, outputTokens: output, totalTokens: input + output }),
  });

  /** Tells whoever makes the call that a budget refuses it; answers why. */
  refuse(): Problem {
    const state = this.limiting ?? this.states[0];
    if (!state) throw new Error('No budget has refused the call.');
    const problem = exceeded(state);
    this.call.refused(problem);
    return problem;
  }
}

const idsOf = (budgets: readonly Pick<Budget, 'id'>[]): readonly string[] => budgets.map(({ id }) => id);

function refuseExhausted(states: readonly BudgetState[]): void {
  const exhausted = states.find(isExhausted);
  if (exhausted) throw exceeded(exhausted);
}
