import { approximateTokens } from '../../llm/approximate-tokens.js';
import type { TokenUsage } from '../../llm/chat-model.js';
import type { Problem, ProblemBody } from '../../platform/problem/problem.js';
import type { ContentGuard } from '../../security/redaction/content-guard.js';
import { contentBlocked } from '../../security/redaction/redaction.errors.js';
import type { GraphEvent, Reached, Remembered } from '../graph/execution.js';
import type { KeptAnswer, NodeEvent } from '../node/node-type.js';
import { limitExceeded, runCancelled, tokensExceeded } from '../workflow.errors.js';
import { ChildRuns } from './child-runs.js';
import type { EventCompanions, EventFields, RunEventType } from './run-event.js';
import type { EndStatus, Run } from './run.js';
import { RunJournal } from './run-journal.js';
import { CACHE_HIT, type KeptResult, type RunMemory } from './run-memory.js';
import { RunRedaction, type Piece } from './run-redaction.js';
import { RunTally } from './run-tally.js';
import { RunTexts } from './run-texts.js';

/** This process must stop working on a run without ending it. */
export class HandedOver extends Error {}

/** Nothing of the run can go on here until something comes from outside: it is put aside. */
export class PutAside extends Error {
  constructor(
    readonly status: 'waiting' | 'paused',
    /** When it goes on by itself. */
    readonly wakesAt: Date | undefined,
    /** The approvals it waits for. */
    readonly approvals: readonly string[],
  ) {
    super(`The run is ${status}.`);
  }
}

export interface RunBounds {
  /** Most tokens of all model calls. */
  readonly maxTokens: number;
  /** Most tool calls. */
  readonly maxToolCalls: number;
  /** Longest JSON text of what a step leaves. */
  readonly maxStepBytes: number;
}

const PREVIEW_CHARACTERS = 2_000;

/** A run while this process executes it: its journal, its sums and the means to stop it. */
export class ActiveRun {
  readonly journal: RunJournal;
  readonly children: ChildRuns;
  /** As it is stored, once it has ended here. */
  ended: Run | undefined;
  private readonly controller = new AbortController();
  private readonly startedAt = performance.now();
  private isOver = false;
  private memory: RunMemory | undefined;
  private readonly texts = new RunTexts();
  private readonly tally = new RunTally();
  private toolCalls = 0;
  private lastDecision: unknown;
  private company = false;
  private redaction: RunRedaction | undefined;
  private firstTokenAt: Date | undefined;
  /** What it has come to in this attempt. */
  readonly reached: Reached = { variables: {} };

  constructor(
    readonly run: Run,
    private readonly bounds: RunBounds,
  ) {
    this.journal = new RunJournal(run.id, run.fence);
    this.children = new ChildRuns(run);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Lets nothing out that the workspace wants hidden: neither into the log nor into what is stored at the end. */
  protect(guard: ContentGuard | undefined): void {
    this.redaction =
      guard && new RunRedaction(guard, (kinds) => this.stop(contentBlocked(kinds, 'What a model of the run said')));
  }

  /** The value as it may be stored and shown. */
  masked<Value>(value: Value): Value {
    return this.redaction ? this.redaction.guard.mask(value) : value;
  }

  /** What the run comes to. @throws Problem content-blocked */
  admitted<Value>(output: Value): Value {
    return this.redaction ? this.redaction.guard.admit(output, 'The output of the run') : output;
  }

  /** Ends the work: with a problem the run ends so, with {@link HandedOver} or {@link PutAside} it does not end. */
  stop(reason: Problem | HandedOver | PutAside): void {
    this.controller.abort(reason);
  }

  /** The work is over: what a node that does not stop says from now on is not heard. */
  end(): void {
    this.isOver = true;
  }

  /** How often it was claimed, other than to go on after it was put aside. */
  get claims(): number {
    return this.run.fence - (this.memory?.asides ?? 0);
  }

  /** Milliseconds since this process began to execute it. */
  get heldMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  /** Milliseconds of execution over all attempts. */
  get executedMs(): number {
    return this.run.executedMs + this.heldMs;
  }

  get usage(): TokenUsage | null {
    return this.tally.usage;
  }

  /** In US dollars; null when the price of a model used is not known. */
  get cost(): number | null {
    return this.tally.cost;
  }

  /** From its acceptance to what a model said first, in whichever attempt; undefined when none said anything. */
  get firstTokenMs(): number | undefined {
    return this.firstTokenAt && Math.max(0, this.firstTokenAt.getTime() - this.run.createdAt.getTime());
  }

  /** What models said in this attempt in more than one piece, and how long that took. */
  get streamed(): { readonly tokens: number; readonly ms: number } {
    return this.tally.streamed;
  }

  /** How often an answer was looked for in the cache in this attempt. */
  get cache(): { readonly hits: number; readonly misses: number } {
    return this.tally.cache;
  }

  /** An answer was looked for in the cache. */
  lookUp(isFound: boolean): void {
    this.tally.lookUp(isFound);
  }

  /** How old what the run says is, when no model was asked for any of it. */
  get cacheAgeMs(): number | undefined {
    return this.tally.cacheAgeMs;
  }

  /** Whether the workspace hides some of what is said. */
  get isGuarded(): boolean {
    return this.redaction !== undefined;
  }

  get model(): string | undefined {
    return this.tally.model;
  }

  /** Whether there are, or were, child runs or approvals. */
  get hasCompany(): boolean {
    return this.memory !== undefined || this.company;
  }

  /** Which branch the definition as a whole took. */
  get decision(): unknown {
    return this.masked(this.lastDecision);
  }

  /**
   * The output of a run, or child run, that does not get to its end: what its one node has to show, else its variables so
   * far and what models have said, as `text`. Undefined when there is nothing.
   */
  partialOutput(path: readonly string[] = [], { variables, output }: Reached = this.reached): unknown {
    const shown = output?.();
    if (shown !== undefined) return shown;
    const said = this.texts.below(path);
    if (said.length > 0) return { ...variables, text: said.join('\n\n').toWellFormed() };
    return Object.keys(variables).length > 0 ? variables : undefined;
  }

  record(type: RunEventType, fields: EventFields, companions?: EventCompanions): number {
    if (companions?.child || companions?.approval) this.company = true;
    return this.journal.record(
      type,
      this.masked(fields),
      new Date(),
      this.redaction?.companions(companions) ?? companions,
    );
  }

  /** Goes on with what the log holds. */
  remember(memory: RunMemory): void {
    this.memory = memory;
    this.toolCalls = memory.toolCalls.length;
    // What a rerun takes over was said before it was asked for.
    if (memory.firstTokenAt && memory.firstTokenAt >= this.run.createdAt) this.firstTokenAt = memory.firstTokenAt;
    this.journal.continueAfter(memory.lastSeq);
    for (const [message, text] of memory.texts) this.texts.add(message, text);
    for (const { ageMs, model } of memory.cacheHits) this.tally.takeCached(ageMs, model);
    for (const { path, usage, cost, model } of memory.spent) this.spend(path, usage, cost, model);
    for (const { path, messageKey, fromSeq } of memory.answeredMessages) this.texts.begin(path, messageKey, fromSeq);
  }

  /** Goes on after an earlier attempt: tells so, and which half-told messages are void. */
  resume(memory: RunMemory): void {
    this.remember(memory);
    const { attempt } = this.run;
    this.record('note', { code: 'resumed', detail: `Attempt ${attempt} goes on where the last one was cut.`, attempt });
    for (const { messageKey, fromSeq, path } of memory.openMessages) {
      this.record('reset', { path, messageKey, fromSeq, reason: 'resumed' });
      this.texts.drop(path, messageKey);
    }
  }

  recall(path: readonly string[]): Remembered | undefined {
    return this.memory?.recall(path);
  }

  /** The approval an earlier attempt asked for. */
  approval(path: readonly string[], key: string): { readonly id: string; readonly expiresAt: Date } | undefined {
    return this.memory?.approval(path, key);
  }

  /** What a model has answered in an earlier attempt. */
  answered(path: readonly string[], messageKey: string): KeptAnswer | undefined {
    return this.memory?.answer(path, messageKey);
  }

  /** Whether an earlier attempt has told the note. */
  hasTold(path: readonly string[], note: { readonly code: string; readonly detail: string }): boolean {
    return this.memory?.hasNote(path, note) === true;
  }

  isDecisionTold(approvalId: string): boolean {
    return this.memory?.isTold(approvalId) === true;
  }

  /** Counts a tool call, unless the log holds it; false when there were as many as there may be. */
  takeToolCall(path: readonly string[], callId: string): boolean {
    if (this.memory?.hasTold('tool_call', callId)) return true;
    this.toolCalls += 1;
    return this.children.takeToolCall(path) && this.toolCalls <= this.bounds.maxToolCalls;
  }

  /** Whether the run, in this attempt or an earlier one, has come to call a tool. */
  get hasCalledTools(): boolean {
    return this.toolCalls > 0;
  }

  /** Whether the log still hears this process. */
  get isHeard(): boolean {
    const reason: unknown = this.signal.reason;
    return !this.isOver && !(reason instanceof HandedOver) && !(reason instanceof PutAside);
  }

  /** Turns what the graph says into events. A node that an earlier attempt told of is not told of again. */
  hear(event: GraphEvent): void {
    if (!this.isHeard) return;
    const { path } = event;
    switch (event.kind) {
      case 'nodeStart': {
        if (this.memory?.hasStarted(path)) return;
        const { id, type, title } = event.node;
        this.record('node_start', { path, nodeId: id, nodeType: type, title: title ?? id });
        return;
      }
      case 'nodeEnd':
        return this.hearEnd(event);
      case 'node':
        return this.hearNode(path, event.event);
      case 'retry': {
        const { attempt, delayMs, problem } = event;
        this.resetMessages(path);
        this.memory?.forget(path);
        const detail = `Attempt ${attempt} begins in ${delayMs} ms: ${problem.detail}`;
        this.record('note', { path, code: 'retry', detail, attempt, delayMs, problem });
        return;
      }
      case 'decision':
        if (path.length === 0) this.lastDecision = event.decision;
        else this.children.decide(path, event.decision);
        return;
      case 'childStart': {
        const { id: childRunId, index } = event.child;
        const state = this.children.begin(path, event.child, this.memory);
        if (this.memory?.recall(path)?.childRunId === undefined)
          this.record('child_start', { path, childRunId, index, status: 'running' }, { child: state });
        return;
      }
      case 'childEnd': {
        const { childRunId, index, result } = event;
        const { status, problem, durationMs } = result;
        const kept: KeptResult = { child: result };
        const child = this.children.end(path, result);
        this.memory?.close('child', path);
        this.record(
          'child_end',
          { path, childRunId, index, status, durationMs, problem },
          { result: this.kept(kept, 'The output of a child run'), child },
        );
        return;
      }
    }
  }

  private hearEnd(event: Extract<GraphEvent, { kind: 'nodeEnd' }>): void {
    const { path, status, durationMs, output, problem, explanation, input, result } = event;
    this.tellRest(path);
    this.texts.end(path);
    if (this.memory?.hasEnded(path)) return;
    this.memory?.close('node', path);
    const { id, type } = event.node;
    const told = {
      path,
      nodeId: id,
      nodeType: type,
      status,
      durationMs,
      output: preview(this.masked(output)),
      problem,
      explanation,
    };
    const kept: KeptResult = { input, step: result };
    this.record('node_end', told, { result: this.kept(kept, `The result of node "${path.join('/')}"`) });
  }

  /** The run ends: what an earlier attempt began and nothing has gone on with since has ended too. */
  endOpen(status: EndStatus, problem: ProblemBody | undefined): void {
    this.tellRest();
    for (const { path, startedAt, node, child } of this.memory?.openSteps ?? []) {
      const durationMs = Math.max(0, Date.now() - startedAt.getTime());
      const ended = { path, status: status === 'timedOut' ? 'timedOut' : 'cancelled', durationMs, problem };
      if (child) this.record('child_end', { ...ended, childRunId: child.id, index: child.index });
      if (node) this.record('node_end', { ...ended, nodeId: node.id, nodeType: node.type, status: 'cancelled' });
    }
  }

  private hearNode(path: readonly string[], event: NodeEvent): void {
    switch (event.type) {
      case 'token':
      case 'thinking':
        return this.hearText({ path, type: event.type, messageKey: event.messageKey }, event.content);
      case 'tool_call':
      case 'tool_result': {
        const { type, ...fields } = event;
        this.tellRest(path);
        if (!this.memory?.hasTold(type, event.callId)) this.record(type, { path, ...fields });
        return;
      }
      case 'note': {
        const { type, ...fields } = event;
        if (!this.memory?.takeNote(path, event)) this.record(type, { path, ...fields });
        return;
      }
      case 'cacheHit': {
        const { model, ageMs } = event;
        const note = {
          code: CACHE_HIT,
          detail: 'The same was asked before: the answer is the one that was given then.',
        };
        this.tellRest(path);
        this.tally.takeCached(ageMs, model);
        if (!this.memory?.takeNote(path, note)) this.record('note', { path, ...note, model, ageMs });
        return;
      }
      case 'usage':
        this.tellRest(path);
        this.record(
          'usage',
          { path, ...event.usage, cost: event.cost, model: event.model },
          {
            ...(event.answer && {
              result: this.kept({ answer: event.answer }, `The answer of a model at "${path.join('/')}"`),
            }),
            charge: {
              call: { usage: event.usage, cost: event.cost, model: event.model, reservation: event.reservation },
            },
          },
        );
        this.spend(path, event.usage, event.cost, event.model, event.streamMs);
        return this.stopWhenSpent();
      default: {
        const { type, ...fields } = event;
        this.record(type, { path, ...fields });
      }
    }
  }

  private hearText(piece: Piece, content: string): void {
    this.tell(piece, this.redaction ? this.redaction.hear(piece, content) : content);
    const tokens = approximateTokens(content);
    this.tally.hear(tokens);
    this.children.hear(piece.path, tokens);
    this.stopWhenSpent();
  }

  /** What is still held back of texts that have ended: at a path, or anywhere. */
  private tellRest(path?: readonly string[]): void {
    if (this.redaction) for (const { content, ...piece } of this.redaction.finish(path)) this.tell(piece, content);
  }

  private tell({ path, type, messageKey }: Piece, content: string): void {
    if (content === '' && this.redaction) return;
    const at = new Date();
    if (type === 'token') {
      this.firstTokenAt ??= at;
      this.texts.say(path, messageKey, content);
    }
    this.texts.begin(path, messageKey, this.journal.record(type, { path, content, messageKey }, at));
  }

  /** The JSON text of what is kept of a step. One that is too large ends the run. */
  private kept(result: KeptResult, subject: string): string {
    const text = JSON.stringify(result);
    const { maxStepBytes } = this.bounds;
    if (text.length > maxStepBytes)
      this.stop(limitExceeded('maxStepBytes', maxStepBytes, `${subject} is too large.`, 'MAX_STEP_BYTES'));
    return text;
  }

  /** What the node has said is void. */
  private resetMessages(path: readonly string[]): void {
    this.redaction?.forget(path);
    for (const { messageKey, fromSeq } of this.texts.dropAll(path))
      this.record('reset', { path, messageKey, fromSeq, reason: 'retry' });
  }

  private spend(
    path: readonly string[],
    usage: TokenUsage,
    cost: number | null,
    model: string,
    streamMs?: number,
  ): void {
    this.tally.spend(usage, cost, model, streamMs);
    this.children.spend(path, usage, cost);
  }

  private stopWhenSpent(): void {
    const { maxTokens } = this.bounds;
    if (this.tally.tokens > maxTokens) this.stop(tokensExceeded(maxTokens));
  }

  /** Asks the run, or one of its children, to end as cancelled. */
  cancel(childRunId?: string): void {
    const problem = runCancelled('The run was cancelled before its end.');
    if (childRunId === undefined) this.stop(problem);
    else this.children.cancel(childRunId, problem);
  }
}

/** What an event shows of a node's output: all of it when short, else the beginning of its JSON text. */
function preview(output: unknown): unknown {
  if (output === undefined) return undefined;
  const text = JSON.stringify(output) ?? 'null';
  return text.length <= PREVIEW_CHARACTERS ? output : `${text.slice(0, PREVIEW_CHARACTERS).toWellFormed()}…`;
}
