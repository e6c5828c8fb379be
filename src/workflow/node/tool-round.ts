import type { ChatMessage, ToolCall } from '../../llm/chat-model.js';
import { isTooDeep } from '../../platform/schema/json-depth.js';
import type { ToolGate } from '../../tool/tool-gate.js';
import type { ToolOutcome } from '../../tool/tool-invocation.js';
import type { OfferedTool } from '../../tool/tool-source.js';
import type { ToolAttempt } from './loop-guard.js';
import type { NodeContext } from './node-type.js';
import { callIdOf, observedCall } from './observed-call.js';

export interface ToolRound {
  /** The number of the answer that asks for the calls, from 1. */
  readonly turn: number;
  readonly asked: readonly ToolCall[];
  /** What the model may name, by name: the gate judges each call. */
  readonly tools: ReadonlyMap<string, OfferedTool>;
  /** The names that it was told. */
  readonly offered: readonly string[];
  /** Most calls, faulty ones included. */
  readonly most: number;
}

export interface RoundResult {
  /** The calls that were made, faulty ones included. */
  readonly attempts: readonly ToolAttempt[];
  /** One for each call that was asked for, in order. */
  readonly messages: readonly ChatMessage[];
  /** Whether a call was left out: the node or the run has had as many as it may. */
  readonly isExhausted: boolean;
}

const AT_ONCE = 4;

/** What is done about a call: it is made, or answered without. */
type Step =
  | { readonly kind: 'call'; readonly callId: string; readonly tool: OfferedTool; readonly arguments: Members }
  | { readonly kind: 'faulty'; readonly arguments: unknown; readonly reason: string }
  | { readonly kind: 'leftOut' };

type Members = Readonly<Record<string, unknown>>;

/** Makes the tool calls of one answer of a model, some at a time. @throws the signal's reason */
export async function toolRound(
  gate: ToolGate,
  context: NodeContext<unknown>,
  { turn, asked, tools, offered, most }: ToolRound,
): Promise<RoundResult> {
  const idOf = (position: number): string => callIdOf(context, `${turn}.${position + 1}`);
  const steps = asked.map((call, position) =>
    position < most ? stepFor(call, idOf(position), { tools, offered }, context) : LEFT_OUT,
  );
  const results = await context.waits.forEach(steps, AT_ONCE, async (step): Promise<CallResult> => {
    if (step.kind === 'leftOut') return { text: failure('Not called: no further calls are allowed. Answer now.') };
    if (step.kind === 'faulty')
      return { text: failure(step.reason), attempt: { arguments: step.arguments, failed: true } };
    const outcome = await observedCall(gate, context, step);
    return { text: told(outcome), attempt: { arguments: step.arguments, failed: outcome.status !== 'ok' } };
  });
  return {
    attempts: asked.flatMap(({ name }, position) => {
      const attempt = results[position]?.attempt;
      return attempt ? [{ tool: name, ...attempt }] : [];
    }),
    messages: asked.map(({ id, name }, position) => ({
      role: 'tool',
      toolCallId: id,
      name,
      content: results[position]?.text ?? '',
    })),
    isExhausted: steps.some(({ kind }) => kind === 'leftOut'),
  };
}

interface CallResult {
  /** What the model is told. */
  readonly text: string;
  /** Absent when the call was left out. */
  readonly attempt?: Omit<ToolAttempt, 'tool'>;
}

const LEFT_OUT: Step = { kind: 'leftOut' };

function stepFor(
  { name, arguments: text }: ToolCall,
  callId: string,
  { tools, offered }: Pick<ToolRound, 'tools' | 'offered'>,
  { emit, takeToolCall }: NodeContext<unknown>,
): Step {
  const tool = tools.get(name);
  if (!tool) {
    emit({
      type: 'note',
      code: 'tool-unknown',
      detail: `The model called "${shown(name)}", a tool that it does not have.`,
    });
    const names = offered.join(', ');
    return { kind: 'faulty', arguments: text, reason: `There is no tool "${shown(name)}". The tools are: ${names}.` };
  }
  const args = argumentsOf(text);
  if (!args) {
    emit({
      type: 'note',
      code: 'tool-arguments-malformed',
      detail: `The model called "${name}" with arguments that are no JSON object.`,
    });
    return { kind: 'faulty', arguments: text, reason: 'The arguments are no JSON object. Call again with one.' };
  }
  return takeToolCall(callId) ? { kind: 'call', callId, tool, arguments: args } : LEFT_OUT;
}

/** Arguments as a model wrote them; undefined when they are no JSON object. */
function argumentsOf(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && !isTooDeep(value) ? (value as Members) : undefined;
  } catch {
    return undefined;
  }
}

function told(outcome: ToolOutcome): string {
  if (outcome.status !== 'ok') return failure(outcome.problem.detail);
  return typeof outcome.result === 'string' ? outcome.result : JSON.stringify(outcome.result);
}

const failure = (reason: string): string => JSON.stringify({ error: reason });

const shown = (name: string): string => (name.length > 100 ? `${name.slice(0, 99).toWellFormed()}…` : name);
