import type {
  ChatDelta,
  ChatMessage,
  ChatModel,
  ChatRequest,
  FinishReason,
  TokenUsage,
} from '../../src/llm/chat-model.js';
import { Problem } from '../../src/platform/problem/problem.js';

export interface Heard {
  readonly batches: readonly (readonly ChatDelta[])[];
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly usage?: TokenUsage;
  readonly finish?: FinishReason;
}

export const user = (content: string): ChatMessage => ({ role: 'user', content });

export function requestOf(model: string, request: Partial<ChatRequest> = {}): ChatRequest {
  return { model, messages: [user('hello')], signal: new AbortController().signal, ...request };
}

/** Reads an answer to its end and checks what holds for every answer. */
export async function hear(model: ChatModel, request: ChatRequest): Promise<Heard> {
  const batches = await Array.fromAsync(model.stream(request));
  const deltas = batches.flat();
  expect(batches.every((batch) => batch.length > 0)).toBe(true);
  expect(deltas.filter(({ type }) => type === 'finish')).toHaveLength(1);
  expect(deltas.at(-1)?.type).toBe('finish');
  expect(deltas.filter(({ type }) => type === 'usage').length).toBeLessThanOrEqual(1);
  return heard(batches);
}

export function heard(batches: readonly (readonly ChatDelta[])[]): Heard {
  const deltas = batches.flat();
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const delta of deltas) {
    if (delta.type !== 'toolCall') continue;
    const call = calls[delta.index];
    if (call === undefined) {
      expect(delta.index).toBe(calls.length);
      expect(delta.id).toEqual(expect.stringMatching(/\S/));
      calls.push({ id: delta.id ?? '', name: delta.name ?? '', arguments: delta.arguments });
    } else {
      expect([delta.id, delta.name]).toEqual([undefined, undefined]);
      call.arguments += delta.arguments;
    }
  }
  return {
    batches,
    text: joined(deltas, 'text'),
    thinking: joined(deltas, 'thinking'),
    calls,
    usage: deltas.find((delta) => delta.type === 'usage')?.usage,
    finish: deltas.find((delta) => delta.type === 'finish')?.reason,
  };
}

/** The problem a call ends with, and what was heard before. */
export async function failureOf(
  model: ChatModel,
  request: ChatRequest,
): Promise<{ readonly problem: Problem; readonly heard: Heard }> {
  const batches: (readonly ChatDelta[])[] = [];
  try {
    for await (const batch of model.stream(request)) batches.push(batch);
  } catch (error) {
    if (error instanceof Problem) return { problem: error, heard: heard(batches) };
    throw error;
  }
  throw new Error('The call did not fail.');
}

function joined(deltas: readonly ChatDelta[], type: 'text' | 'thinking'): string {
  return deltas.map((delta) => (delta.type === type ? delta.text : '')).join('');
}
