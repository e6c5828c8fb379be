import type { TokenUsage } from '../../llm/chat-model.js';
import { approximateTokens } from '../../llm/approximate-tokens.js';
import type { Problem } from '../../platform/problem/problem.js';
import type { GraphEvent } from '../graph/compiled-graph.js';
import { tokensExceeded } from '../workflow.errors.js';
import type { EventFields, RunEventType } from './run-event.js';
import type { Run } from './run.js';
import { RunJournal } from './run-journal.js';
import type { Unfinished } from './unfinished.js';

/** This process must stop working on a run without ending it. */
export class HandedOver extends Error {}

const PREVIEW_CHARACTERS = 2_000;

/** A run while this process executes it: its journal, its sums and the means to stop it. */
export class ActiveRun {
  readonly journal: RunJournal;
  private readonly controller = new AbortController();
  private readonly startedAt = performance.now();
  private isOver = false;
  private resumed: Unfinished | undefined;
  private text = '';
  private spentTokens: TokenUsage | undefined;
  private streamedTokens = 0;
  private spentCost: number | null = 0;
  private lastModel: string | undefined;

  constructor(
    readonly run: Run,
    /** Most tokens of all model calls. */
    private readonly maxTokens: number,
  ) {
    this.journal = new RunJournal(run.id, run.fence);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Ends the work: with a problem the run ends so, with {@link HandedOver} it is left to another process. */
  stop(reason: Problem | HandedOver): void {
    this.controller.abort(reason);
  }

  /** The work is over: what a node that does not stop says from now on is not heard. */
  end(): void {
    this.isOver = true;
  }

  /** Milliseconds of execution over all attempts. */
  get executedMs(): number {
    return this.run.executedMs + Math.round(performance.now() - this.startedAt);
  }

  get usage(): TokenUsage | null {
    return this.spentTokens ?? null;
  }

  /** In US dollars; null when the price of a model used is not known. */
  get cost(): number | null {
    return this.spentCost;
  }

  get model(): string | undefined {
    return this.lastModel;
  }

  /** What the model has said so far: the output of a run that does not get to its end. */
  get partialOutput(): unknown {
    return this.text === '' ? null : { text: this.text.toWellFormed() };
  }

  record(type: RunEventType, fields: EventFields): void {
    this.journal.record(type, fields, new Date());
  }

  /** Goes on after an earlier attempt: tells so, and which half-told messages are void. */
  resume(unfinished: Unfinished): void {
    this.resumed = unfinished;
    this.journal.continueAfter(unfinished.lastSeq);
    const { attempt } = this.run;
    this.record('note', { code: 'resumed', detail: `Attempt ${attempt} goes on where the last one was cut.`, attempt });
    for (const { messageKey, fromSeq, path } of unfinished.openMessages) {
      this.record('reset', { path, messageKey, fromSeq, reason: 'resumed' });
    }
  }

  /** Turns what the graph says into events. A node that an earlier attempt told of is not told of again. */
  hear(event: GraphEvent): void {
    if (this.isOver) return;
    const { path } = event;
    switch (event.kind) {
      case 'nodeStart': {
        if (this.resumed?.startedNodes.has(path.join('/'))) return;
        const { id, type, title } = event.node;
        return this.record('node_start', { path, nodeId: id, nodeType: type, title: title ?? id });
      }
      case 'nodeEnd': {
        if (this.resumed?.endedNodes.has(path.join('/'))) return;
        const { id, type } = event.node;
        const { status, durationMs, output, explanation } = event;
        return this.record('node_end', {
          path,
          nodeId: id,
          nodeType: type,
          status,
          durationMs,
          output: preview(output),
          explanation,
        });
      }
      case 'node':
        return this.hearNode(path, event.event);
    }
  }

  private hearNode(path: readonly string[], event: Extract<GraphEvent, { kind: 'node' }>['event']): void {
    switch (event.type) {
      case 'token':
        this.text += event.content;
        this.countStreamed(event.content);
        return this.record('token', { path, content: event.content, messageKey: event.messageKey });
      case 'thinking':
        this.countStreamed(event.content);
        return this.record('thinking', { path, content: event.content, messageKey: event.messageKey });
      case 'note':
        return this.record('note', { path, code: event.code, detail: event.detail });
      case 'usage':
        this.spentTokens = sum(this.spentTokens, event.usage);
        this.streamedTokens = 0;
        this.spentCost = this.spentCost === null || event.cost === null ? null : this.spentCost + event.cost;
        this.lastModel = event.model;
        this.record('usage', { path, ...event.usage, cost: event.cost, model: event.model });
        return this.stopWhenSpent();
    }
  }

  /** Counts what a call has said so far; its exact usage comes with its end. */
  private countStreamed(content: string): void {
    this.streamedTokens += approximateTokens(content);
    this.stopWhenSpent();
  }

  private stopWhenSpent(): void {
    if ((this.spentTokens?.totalTokens ?? 0) + this.streamedTokens > this.maxTokens)
      this.stop(tokensExceeded(this.maxTokens));
  }
}

function sum(left: TokenUsage | undefined, right: TokenUsage): TokenUsage {
  if (!left) return right;
  return {
    inputTokens: left.inputTokens + right.inputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    totalTokens: left.totalTokens + right.totalTokens,
  };
}

/** What an event shows of a node's output: all of it when short, else the beginning of its JSON text. */
function preview(output: unknown): unknown {
  if (output === undefined) return undefined;
  const text = JSON.stringify(output) ?? 'null';
  return text.length <= PREVIEW_CHARACTERS ? output : `${text.slice(0, PREVIEW_CHARACTERS).toWellFormed()}…`;
}
