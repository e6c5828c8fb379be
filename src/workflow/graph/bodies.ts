import { newId } from '../../platform/clock/id.js';
import { Problem } from '../../platform/problem/problem.js';
import type { ChatMessage } from '../../llm/chat-model.js';
import type { ChildOptions, ChildResult, EndedAs, NodeBodies, PassOptions } from '../node/node-type.js';
import { isTimeLimit, limitReached, runCancelled } from '../workflow.errors.js';
import { isGivenUp, type CompiledTarget, type GraphExecution, type Reached, type RunHost } from './execution.js';
import type { GraphState } from './graph-state.js';

/** How the node at `path` runs the workflows of its configuration. */
export function bodiesOf(
  targets: ReadonlyMap<string, CompiledTarget>,
  path: readonly string[],
  state: GraphState,
  execution: GraphExecution,
  signal: AbortSignal,
  tries = '',
): NodeBodies {
  const { host } = execution;
  const bodies: NodeBodies = {
    async pass(pointer, { signal: own, variables, item, index }: PassOptions) {
      const { graph, parameters } = targetAt(targets, pointer);
      const { output, variables: left } = await graph.run({
        ...execution,
        path: [...path, String(index)],
        input: { ...execution.input, ...parameters },
        variables,
        item: item === undefined ? execution.item : item,
        index,
        messages: state.messages,
        tries,
        reached: undefined,
        signal: own ? AbortSignal.any([signal, own]) : signal,
      });
      return { output, variables: left };
    },

    async tryPass(pointer, options) {
      try {
        return { status: 'succeeded', output: (await bodies.pass(pointer, options)).output };
      } catch (error) {
        signal.throwIfAborted();
        if (host.isOwnTrouble(error)) throw error;
        const problem = host.problemOf(options.signal?.aborted ? options.signal.reason : error);
        return { status: statusOf(problem), problem: problem.record() };
      }
    },

    async child(pointer, { signal: own, key, index, input, timeoutMs }: ChildOptions): Promise<ChildResult> {
      const { graph, workflow, parameters, limits } = targetAt(targets, pointer);
      const at = key === undefined ? path : [...path, key];
      const remembered = host.recall(at);
      if (remembered?.child) return remembered.child;
      signal.throwIfAborted();
      const id = remembered?.childRunId ?? newId();
      const startedAt = remembered?.childStartedAt ?? new Date();
      const given = { ...input, ...parameters };
      host.tell({
        kind: 'childStart',
        path: at,
        child: { id, parentRunId: execution.run.id, index, workflow, input: given, startedAt, limits },
      });
      const subject = key === undefined ? 'The child run' : `Child "${key}"`;
      const clocks = [
        ...deadline('timeoutMs', timeoutMs, startedAt, subject, host),
        ...deadline('runTimeoutMs', limits?.runTimeoutMs, startedAt, subject, host),
      ];
      const stops = [signal, host.childSignal(id), own, ...clocks.map((clock) => clock.signal)];
      const stop = AbortSignal.any(stops.filter((one) => one !== undefined));
      const reached: Reached = { variables: {} };
      const ending = await graph
        .run({
          run: { ...execution.run, id },
          path: at,
          input: given,
          variables: {},
          messages: messagesOf(given),
          tries,
          nodeTimeoutMs: Math.min(execution.nodeTimeoutMs, limits?.nodeTimeoutMs ?? Infinity),
          signal: stop,
          host,
          reached,
        })
        .then(
          ({ output }) => ({ output }),
          (error: unknown) => ({ error: stop.aborted ? (stop.reason as unknown) : error }),
        )
        .finally(() => {
          for (const clock of clocks) clock.clear();
        });
      if (isGivenUp(signal)) throw signal.reason;
      if ('error' in ending && host.isOwnTrouble(ending.error)) throw ending.error;
      const measured = { durationMs: Math.max(0, Date.now() - startedAt.getTime()), usage: host.usageOf(id) };
      const result: ChildResult =
        'output' in ending
          ? { status: 'succeeded', output: ending.output, ...measured }
          : { ...failure(host.problemOf(ending.error), host.partialOutput(at, reached)), ...measured };
      host.tell({ kind: 'childEnd', path: at, childRunId: id, index, result });
      return result;
    },
  };
  return bodies;
}

/** What a run says to a model before any node added to it: the message of its input, when there is one. */
export const messagesOf = (input: Readonly<Record<string, unknown>>): readonly ChatMessage[] =>
  typeof input.message === 'string' ? [{ role: 'user', content: input.message }] : [];

function targetAt(targets: ReadonlyMap<string, CompiledTarget>, pointer: string): CompiledTarget {
  const found = targets.get(pointer);
  if (!found) throw new Error(`The node's type names no workflow at "${pointer}" of its configuration.`);
  return found;
}

/** The end of a child's time, when it has one; none otherwise. */
function deadline(
  limit: 'timeoutMs' | 'runTimeoutMs',
  value: number | undefined,
  startedAt: Date,
  subject: string,
  host: RunHost,
): readonly { readonly signal: AbortSignal; readonly clear: () => void }[] {
  if (value === undefined) return [];
  const at = startedAt.getTime() + value;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(limitReached(limit, value, subject)), Math.max(0, at - Date.now()));
  const isOver = host.deadline(new Date(at));
  const clear = (): void => {
    clearTimeout(timer);
    isOver();
  };
  return [{ signal: controller.signal, clear }];
}

function failure(problem: Problem, output: unknown): Pick<ChildResult, 'status' | 'output' | 'problem'> {
  return { status: statusOf(problem), ...(output !== undefined && { output }), problem: problem.record() };
}

function statusOf(problem: Problem): Exclude<EndedAs, 'succeeded' | 'skipped'> {
  if (Problem.is(problem, runCancelled)) return 'cancelled';
  return isTimeLimit(problem) ? 'timedOut' : 'failed';
}
