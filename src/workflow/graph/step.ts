import { setTimeout as sleep } from 'node:timers/promises';
import { problemFromBody, type ProblemBody } from '../../platform/problem/problem.js';
import type { NodeDefinition } from '../definition/definition.js';
import type { ReferenceScope } from '../definition/lookup.js';
import { holdsReference, resolveReferences } from '../definition/reference.js';
import { inParallel } from '../node/in-parallel.js';
import type { BranchResult, NodeResult } from '../node/node-type.js';
import type { RegisteredNodeType } from '../node/node.registry.js';
import { bodiesOf } from './bodies.js';
import {
  BranchCancelled,
  isGivenUp,
  type CompiledTarget,
  type GraphExecution,
  type RunHost,
  type StepResult,
} from './execution.js';
import type { GraphState, GraphUpdate } from './graph-state.js';
import { parsedConfig } from './node-config.js';
import { withinTime, type NodeClock } from './node-time.js';
import { delayBefore, isRetried } from './retry.js';

type Members = Readonly<Record<string, unknown>>;

/** A node as its graph runs it. Throws when the node's failure is the graph's. */
export type Step = (state: GraphState, execution: GraphExecution, branches?: Branches) => Promise<GraphUpdate>;

/** By the id of each branch's last node. */
export type Branches = Readonly<Record<string, BranchResult>>;

export interface StepParts {
  readonly node: NodeDefinition;
  readonly type: RegisteredNodeType;
  /** Where its configuration stands in the definition. */
  readonly pointer: string;
  /** By the pointer inside the configuration. */
  readonly targets: ReadonlyMap<string, CompiledTarget>;
  /** The ports that edges leave by. */
  readonly usedPorts: ReadonlySet<string>;
  /** The node stands for the whole definition: it has no events and no place in paths of its own. */
  readonly hidden: boolean;
}

type Attempt = (signal: AbortSignal, clock: NodeClock, isOpen: () => boolean, tries: string) => Promise<NodeResult>;

/** Makes the step of a node: remembered, timed, tried again and contained as its definition says. */
export function stepOf(parts: StepParts): Step {
  const { node, type, hidden } = parts;
  const configOf = configReader(parts);

  return async (state, execution, branches = {}) => {
    const { host, signal } = execution;
    const path = hidden ? execution.path : [...execution.path, node.id];
    const remembered = host.recall(path);
    if (remembered?.result && !hidden) return afterwards(parts, remembered.result);
    signal.throwIfAborted();
    const admitted = host.admit(type.pure !== true);
    if (admitted) await admitted;
    signal.throwIfAborted();

    const started = performance.now();
    const startedAt = remembered?.startedAt ?? new Date();
    const limitMs = node.timeoutMs ?? (type.waits ? undefined : execution.nodeTimeoutMs);
    const scope = scopeOf(state, execution);
    if (!hidden) host.tell({ kind: 'nodeStart', node, path });
    if (type.waits) host.busy(-1);
    const { timeoutMs } = node;
    let shown: (() => unknown) | undefined;
    const isOver = type.waits && timeoutMs !== undefined ? host.deadline(after(startedAt, timeoutMs)) : undefined;
    let config: unknown;
    try {
      config = configOf(scope);
      const result = await attempts((attemptSignal, clock, isOpen, tries) =>
        host.within(path, () =>
          type.executor.execute({
            path,
            config,
            run: execution.run,
            input: execution.input,
            scope,
            messages: state.messages,
            startedAt,
            branches,
            bodies: bodiesOf(parts.targets, path, state, execution, attemptSignal, tries),
            waits: {
              until: (at) => whileIdle(clock, () => host.until(at, attemptSignal)),
              approval: (key, request) => whileIdle(clock, () => host.approval(path, key, request, attemptSignal)),
              forEach: (items, limit, work) => eachAtWork(host, items, limit, work),
            },
            signal: attemptSignal,
            emit: (event) => isOpen() && host.tell({ kind: 'node', path, event }),
            room: () => host.room(),
            shows: (output) => {
              shown = output;
              if (hidden && execution.reached) execution.reached.output = output;
            },
            decided: (decision) => hidden && host.tell({ kind: 'decision', path: execution.path, decision }),
            takeToolCall: (callId) => host.takeToolCall(path, callId),
            tries,
            reserve: (call) => host.reserve(path, call, attemptSignal),
            shared: (question) => host.shared(question, attemptSignal),
            answered: (messageKey) => host.answered(path, messageKey),
            settled: () => host.settled(),
            hasTold: (note) => host.hasTold(path, note),
          }),
        ),
      );
      const step = { ...stored(result), status: 'succeeded' as const };
      tellEnd(step, result.explanation);
      return afterwards(parts, step);
    } catch (error) {
      return failed(error);
    } finally {
      isOver?.();
      if (type.waits) host.busy(1);
    }

    /** What waits has one time for all of its attempts, on the wall from its first start; else each has the whole time. */
    async function attempts(work: Attempt): Promise<NodeResult> {
      if (!type.waits)
        return repeated(signal, (isOpen, tries) =>
          withinTime(limitMs, node.id, signal, (stop, clock) => work(stop, clock, isOpen, tries)),
        );
      let running: Promise<NodeResult> | undefined;
      const begin = (stop: AbortSignal, clock: NodeClock) =>
        (running = repeated(stop, (isOpen, tries) => work(stop, clock, isOpen, tries)));
      const leftMs = limitMs && Math.max(0, startedAt.getTime() + limitMs - Date.now());
      try {
        return await withinTime(limitMs, node.id, signal, begin, leftMs);
      } catch (error) {
        // What it runs tells its own end first; each leaf of it stops with the signal, whatever it does.
        await Promise.allSettled([running]);
        throw error;
      }
    }

    /** Does `attempt` until it succeeds, its retries are used up or `stop` is aborted. */
    async function repeated(
      stop: AbortSignal,
      attempt: (isOpen: () => boolean, tries: string) => Promise<NodeResult>,
    ): Promise<NodeResult> {
      for (let count = remembered?.attempt ?? 1; ; count += 1) {
        let open = true;
        try {
          return await attempt(() => open, triesOf(execution, path, count)).finally(() => {
            open = false;
          });
        } catch (error) {
          const { retry } = node;
          if (!retry || count >= retry.maxAttempts || stop.aborted || host.isOwnTrouble(error)) throw error;
          const problem = host.problemOf(error);
          if (!isRetried(problem, retry)) throw error;
          const delayMs = delayBefore(count + 1, retry);
          host.tell({ kind: 'retry', path, attempt: count + 1, delayMs, problem: problem.record() });
          if (type.waits) host.busy(1);
          await sleep(delayMs, undefined, { signal: stop }).finally(() => type.waits && host.busy(-1));
        }
      }
    }

    /** A limit that the definition sets is one on the wall; the default one is on the work that is done. */
    async function whileIdle<Result>(clock: NodeClock, wait: () => Promise<Result>): Promise<Result> {
      if (type.waits) return wait();
      host.busy(-1);
      try {
        return await (node.timeoutMs === undefined ? clock.stoppedFor(wait) : wait());
      } finally {
        host.busy(1);
      }
    }

    function tellEnd(result: StepResult, explanation?: unknown): void {
      if (!hidden)
        host.tell({
          kind: 'nodeEnd',
          node,
          path,
          status: result.status,
          durationMs: Math.round(performance.now() - started),
          input: config,
          output: result.output,
          problem: result.problem,
          explanation,
          result: type.pure && result.status === 'succeeded' ? undefined : result,
        });
    }

    function failed(error: unknown): GraphUpdate {
      const reason: unknown = signal.aborted ? signal.reason : error;
      if (reason instanceof BranchCancelled) {
        tellEnd({ status: 'cancelled' });
        throw reason;
      }
      if (isGivenUp(signal) || host.isOwnTrouble(reason)) throw reason;
      const problem = host.problemOf(reason).record();
      const step = { ...failure(node, problem, shown?.()), status: 'failed' as const };
      tellEnd(step);
      if (node.onError === undefined || node.onError === 'fail' || signal.aborted) throw reason;
      return afterwards(parts, step);
    }
  };
}

/** Each item counts as work of its own while it is at work, in place of the step that awaits them. */
async function eachAtWork<Item, Result>(
  host: RunHost,
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = inParallel(items, limit, async (item) => {
    host.busy(1);
    try {
      return await work(item);
    } finally {
      host.busy(-1);
    }
  });
  host.busy(-1);
  try {
    return await results;
  } finally {
    host.busy(1);
  }
}

const triesOf = ({ tries = '' }: GraphExecution, path: readonly string[], attempt: number): string =>
  attempt === 1 ? tries : `${tries}~${path.length}.${attempt}`;

const after = (start: Date, ms: number): Date => new Date(start.getTime() + ms);

/** What a step leaves behind in the state, now or in an earlier attempt. @throws its problem when nothing contains it */
function afterwards({ node, type, usedPorts }: StepParts, result: StepResult): GraphUpdate {
  const { port = 'next' } = result;
  const isLeft = usedPorts.has(port) || type.optionalPorts?.includes(port) !== true;
  if (result.status === 'cancelled') throw new BranchCancelled();
  if (result.status === 'failed' && (node.onError === undefined || node.onError === 'fail'))
    throw problemFromBody(result.problem as ProblemBody);
  return {
    nodes: { [node.id]: { output: result.output ?? null } },
    ports: { [node.id]: isLeft ? port : 'next' },
    ...(result.variables && { variables: result.variables }),
    ...(result.messages && { messages: result.messages }),
    ...(result.finishReason !== undefined && { finishReason: result.finishReason }),
    ...(result.end && { ends: { [node.id]: result.end } }),
  };
}

function stored({ output, variables, messages, port, finishReason, end }: NodeResult): Omit<StepResult, 'status'> {
  return { output, variables, messages, port, finishReason, end };
}

/** A contained failure: its problem is the node's output. */
function failure({ onError }: NodeDefinition, problem: ProblemBody, output: unknown): Omit<StepResult, 'status'> {
  const kept = { output: { ...(output !== undefined && { output }), problem }, problem };
  return typeof onError === 'object' ? { ...kept, port: onError.port } : kept;
}

/** How a node's configuration is read: once where it holds no reference; what the type marks as raw is left as it is. */
function configReader({ node, type, pointer }: StepParts): (scope: ReferenceScope) => unknown {
  const raw = Object.fromEntries((type.raw ?? []).flatMap((name) => own(node.config, name)));
  const open = Object.fromEntries(Object.entries(node.config).filter(([name]) => !Object.hasOwn(raw, name)));
  if (!holdsReference(open)) {
    const constant = parsedConfig(type.config, node.config, pointer);
    return () => constant;
  }
  return (scope) => parsedConfig(type.config, { ...(resolveReferences(open, scope) as Members), ...raw }, pointer);
}

const own = (members: Members, name: string): [string, unknown][] =>
  Object.hasOwn(members, name) ? [[name, members[name]]] : [];

export function scopeOf(state: GraphState, { input, run, item, index }: GraphExecution): ReferenceScope {
  return {
    input,
    variables: state.variables,
    nodes: state.nodes,
    conversation: run.conversationId === undefined ? undefined : { id: run.conversationId },
    user: { id: run.userId },
    ...(item !== undefined && { item }),
    ...(index !== undefined && { index }),
  };
}
