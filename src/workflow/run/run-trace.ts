import { problemSlug } from '../../platform/problem/problem.js';
import type { TraceSpan } from '../../platform/telemetry/trace-span.js';
import type { Tracing } from '../../platform/telemetry/tracing.js';
import type { GraphEvent } from '../graph/execution.js';
import type { Run } from './run.js';

/** Most spans of one attempt at a run; what begins beyond them belongs to the span it is inside of. */
const MOST_SPANS = 1_000;

/**
 * The spans of an attempt at a run: one for itself, in the trace of the request that asked for it, and one for each node
 * and child run. A later attempt names the request's span as a link too. Names and ids only, never what nodes read or say.
 */
export class RunTrace {
  private readonly root: TraceSpan | undefined;
  /** By path, those of child runs after `child `: a child run may have the path of the node that runs it. */
  private readonly open = new Map<string, TraceSpan>();
  private spans = 0;

  constructor(
    private readonly tracing: Tracing,
    { id, kind, workflow, conversationId, attempt, fence, traceparent }: Run,
  ) {
    const isResumed = fence > 1;
    this.root = tracing.start(`run ${workflow.name ?? 'inline'}`, {
      parent: traceparent,
      link: (isResumed && traceparent) || undefined,
      attributes: {
        'chatter.run.id': id,
        'chatter.run.kind': kind,
        'chatter.run.attempt': attempt,
        'gen_ai.operation.name': 'invoke_workflow',
        ...(workflow.name !== undefined && { 'gen_ai.workflow.name': workflow.name }),
        ...(conversationId !== null && { 'gen_ai.conversation.id': conversationId }),
      },
    });
  }

  hear(event: GraphEvent): void {
    const key = event.path.join('/');
    switch (event.kind) {
      case 'nodeStart':
        return this.begin(key, event.path, `node ${event.node.id}`, {
          'chatter.node.id': event.node.id,
          'chatter.node.type': event.node.type,
        });
      case 'nodeEnd':
        return this.end(key, event.status, event.problem && problemSlug(event.problem));
      case 'childStart': {
        const { id, workflow } = event.child;
        return this.begin(`child ${key}`, event.path, `run ${workflow.name ?? 'inline'}`, {
          'chatter.run.id': id,
          'chatter.run.kind': 'child',
        });
      }
      case 'childEnd': {
        const { status, problem } = event.result;
        return this.end(`child ${key}`, status, problem && problemSlug(problem));
      }
      default:
        return;
    }
  }

  /** Runs the work of the node at `path` inside of its span. */
  within<Result>(path: readonly string[], work: () => Result): Result {
    return this.tracing.within(this.around(path), work);
  }

  /** The attempt is over; `status` is the run's end, or why it has none. */
  finish(status: string, errorType: string | undefined): void {
    for (const span of this.open.values()) span.end();
    this.open.clear();
    this.root?.set({ 'chatter.run.status': status });
    this.root?.end(errorType);
  }

  private begin(
    key: string,
    path: readonly string[],
    name: string,
    attributes: Readonly<Record<string, string>>,
  ): void {
    if (this.spans >= MOST_SPANS || this.open.has(key)) return;
    this.spans += 1;
    const parent = this.around(key.startsWith('child ') ? path : path.slice(0, -1), key)?.traceparent;
    const span = this.tracing.start(name, { parent, attributes });
    if (span) this.open.set(key, span);
  }

  private end(key: string, status: string, errorType: string | undefined): void {
    const span = this.open.get(key);
    if (!span) return;
    this.open.delete(key);
    span.set({ 'chatter.status': status });
    span.end(errorType);
  }

  /** The innermost span that is open around a path: of a child run there, of the node, or of what it is inside of. */
  private around(path: readonly string[], except?: string): TraceSpan | undefined {
    for (let length = path.length; length >= 0; length -= 1) {
      const key = path.slice(0, length).join('/');
      for (const each of [`child ${key}`, key]) {
        const span = each === except ? undefined : this.open.get(each);
        if (span) return span;
      }
    }
    return this.root;
  }
}
