import fc from 'fast-check';
import type { ChatMessage } from './chat-model.js';
import { fittedMessages, lastMessages } from './fitted-messages.js';

/** A part of a conversation: one message, or an answer that calls tools with their results, some of them much later. */
const part = fc.oneof(
  fc.record({ kind: fc.constant('user' as const), tokens: fc.nat(50) }),
  fc.record({ kind: fc.constant('assistant' as const), tokens: fc.nat(50) }),
  fc.record({ kind: fc.constant('system' as const), tokens: fc.nat(50) }),
  fc.record({
    kind: fc.constant('calls' as const),
    tokens: fc.nat(50),
    results: fc.array(fc.record({ tokens: fc.nat(50), delay: fc.nat(3) }), { minLength: 1, maxLength: 3 }),
  }),
);

interface Drawn {
  readonly messages: readonly ChatMessage[];
  readonly tokens: readonly number[];
}

const conversation = fc.array(part, { maxLength: 25 }).map((parts): Drawn => {
  const said: { readonly message: ChatMessage; readonly tokens: number }[] = [];
  let waiting: { readonly message: ChatMessage; readonly tokens: number; delay: number }[] = [];
  let calls = 0;
  const flush = (all: boolean): void => {
    for (const result of waiting) result.delay -= 1;
    said.push(...waiting.filter(({ delay }) => all || delay < 0));
    waiting = all ? [] : waiting.filter(({ delay }) => delay >= 0);
  };
  for (const one of parts) {
    if (one.kind === 'calls') {
      const ids = one.results.map(() => `call_${(calls += 1)}`);
      const toolCalls = ids.map((id) => ({ id, name: 'find', arguments: '{}' }));
      said.push({ message: { role: 'assistant', content: '', toolCalls }, tokens: one.tokens });
      for (const [index, { tokens, delay }] of one.results.entries())
        waiting.push({
          message: { role: 'tool', content: 'found', toolCallId: ids[index] ?? '', name: 'find' },
          tokens,
          delay,
        });
    } else said.push({ message: { role: one.kind, content: `${said.length}` }, tokens: one.tokens });
    flush(false);
  }
  flush(true);
  return { messages: said.map(({ message }) => message), tokens: said.map(({ tokens }) => tokens) };
});

const callsOf = (messages: readonly ChatMessage[]): ReadonlySet<string> =>
  new Set(messages.flatMap((one) => (one.role === 'assistant' ? (one.toolCalls ?? []).map(({ id }) => id) : [])));
const resultsOf = (messages: readonly ChatMessage[]): ReadonlySet<string> =>
  new Set(messages.flatMap((one) => (one.role === 'tool' ? [one.toolCallId] : [])));

const sumOf = ({ messages, tokens }: Drawn, kept: readonly ChatMessage[]): number =>
  messages.reduce((sum, one, index) => sum + (kept.includes(one) ? (tokens[index] ?? 0) : 0), 0);

/** Where what must stay begins, read off the contract. */
const mustStay = ({ messages }: Drawn): readonly ChatMessage[] => {
  const head = messages.findIndex(({ role }) => role !== 'system');
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  return messages.filter((_, index) => head < 0 || index < head || (asked >= 0 && index >= asked));
};

describe('messages that are cut to a budget', () => {
  it('never separate a tool call from its results', () => {
    fc.assert(
      fc.property(conversation, fc.nat(600), (drawn, budget) => {
        const { messages } = fittedMessages(drawn.messages, drawn.tokens, budget);
        expect(resultsOf(messages)).toEqual(callsOf(messages));
      }),
    );
  });

  it('never exceed it, unless what must stay does', () => {
    fc.assert(
      fc.property(conversation, fc.nat(600), (drawn, budget) => {
        const { messages, tokens } = fittedMessages(drawn.messages, drawn.tokens, budget);
        expect(tokens).toBe(sumOf(drawn, messages));
        if (tokens <= budget) return;
        // As little as there can be: what must stay, and calls whose results come after the question.
        expect(fittedMessages(drawn.messages, drawn.tokens, 0).messages).toEqual(messages);
      }),
    );
  });

  it('keep the system messages at the beginning, the newest message of the user and what follows it', () => {
    fc.assert(
      fc.property(conversation, fc.nat(600), (drawn, budget) => {
        const { messages } = fittedMessages(drawn.messages, drawn.tokens, budget);
        expect(messages).toEqual(expect.arrayContaining([...mustStay(drawn)]));
      }),
    );
  });

  it('lose the oldest only, no more than they must, and say how many', () => {
    fc.assert(
      fc.property(conversation, fc.nat(600), (drawn, budget) => {
        const { messages, leftOut } = fittedMessages(drawn.messages, drawn.tokens, budget);
        const gone = drawn.messages.filter((one) => !messages.includes(one));
        expect(gone).toHaveLength(leftOut);
        const head = drawn.messages.findIndex(({ role }) => role !== 'system');
        expect(gone).toEqual(drawn.messages.slice(head, head + leftOut));
        if (sumOf(drawn, drawn.messages) <= budget) expect(leftOut).toBe(0);
      }),
    );
  });
});

describe('the last messages', () => {
  it('are at most so many, the newest, with each tool call and its results together', () => {
    fc.assert(
      fc.property(conversation, fc.nat(30), ({ messages }, limit) => {
        const last = lastMessages(messages, limit);
        expect(last.length).toBeLessThanOrEqual(limit);
        expect(last).toEqual(messages.slice(messages.length - last.length));
        expect(resultsOf(last)).toEqual(callsOf(last));
        if (messages.length <= limit) expect(last).toBe(messages);
      }),
    );
  });

  it('are as many as asked for where no tool is called', () => {
    const messages = Array.from({ length: 9 }, (_, index) => ({ role: 'user', content: `${index}` }) as const);
    expect(lastMessages(messages, 4)).toEqual(messages.slice(5));
    expect(lastMessages(messages, 0)).toEqual([]);
  });
});
