import { fakeModel, llmSaying, llmWith, scriptedLlm } from '../../../test/support/fake-llm.js';
import { nodeContext } from '../../../test/support/node-context.js';
import type { ChatDelta } from '../../llm/chat-model.js';
import { modelAnswer } from './model-call.js';

const question = (content: string) => ({
  model: fakeModel(),
  messageKey: 'm-1',
  messages: [{ role: 'user', content } as const],
});

const llmOf = (...batches: readonly ChatDelta[][]) =>
  llmWith({
    async *stream() {
      yield* batches;
    },
  }).llm;

const FINISH: ChatDelta = { type: 'finish', reason: 'stop' };

describe('the answer of a model', () => {
  it('streams as tokens, one for each upstream read, and ends with its usage', async () => {
    const context = nodeContext();
    const llm = llmOf(
      [
        { type: 'text', text: 'Hel' },
        { type: 'text', text: 'lo' },
      ],
      [
        { type: 'thinking', text: 'Hm.' },
        { type: 'text', text: ' you' },
      ],
      [{ type: 'usage', usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } }, FINISH],
    );
    expect(await modelAnswer(llm, context, question('Hi'))).toEqual({
      text: 'Hello you',
      toolCalls: [],
      finishReason: 'stop',
    });
    expect(context.events).toEqual([
      { type: 'token', content: 'Hello', messageKey: 'm-1' },
      { type: 'thinking', content: 'Hm.', messageKey: 'm-1' },
      { type: 'token', content: ' you', messageKey: 'm-1' },
      {
        type: 'usage',
        usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
        cost: 0.25,
        model: 'fake:default',
        streamMs: expect.any(Number),
      },
    ]);
  });

  it('puts the pieces of several tool calls together', async () => {
    const { llm } = llmSaying({
      calls: [
        ['add', '{"a":1}'],
        ['mul', '{"b":2}'],
      ],
    });
    const { toolCalls, finishReason } = await modelAnswer(llm, nodeContext(), question('Hi'));
    expect(toolCalls).toEqual([
      { id: 'call_0', name: 'add', arguments: '{"a":1}' },
      { id: 'call_1', name: 'mul', arguments: '{"b":2}' },
    ]);
    expect(finishReason).toBe('toolCalls');
  });

  it('waits for room before it reads on', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const context = nodeContext({ room: () => promise });
    const llm = llmOf([{ type: 'text', text: 'a' }], [{ type: 'text', text: 'b' }], [FINISH]);
    const answer = modelAnswer(llm, context, question('Hi'));
    await new Promise((later) => setImmediate(later));
    expect(context.events).toHaveLength(1);
    resolve();
    await answer;
    expect(context.events).toHaveLength(2);
  });

  it('holds nothing that cannot be stored', async () => {
    const context = nodeContext();
    const { text } = await modelAnswer(
      llmOf([{ type: 'text', text: 'a\0b\ud800' }], [FINISH]),
      context,
      question('Hi'),
    );
    expect(text).toBe('ab\ufffd');
    expect(context.events).toMatchObject([{ content: 'ab\ud800' }]);
  });

  it('fails when the call breaks off; what was said stays said, and its usage is estimated', async () => {
    const context = nodeContext();
    const answer = modelAnswer(scriptedLlm().llm, context, question('[[cut:after=2]] Hello there, how are you?'));
    await expect(answer).rejects.toMatchObject({ type: { slug: 'model-stream-broken' } });
    expect(context.events.map(({ type }) => type)).toEqual(['token', 'usage']);
    expect(context.events.at(-1)).toMatchObject({ usage: { outputTokens: 2 } });
  });

  describe('that is asked more than the model has room for', () => {
    const words = 'Some words about this and that. '.repeat(20);
    const past = Array.from({ length: 9 }, () => ({ role: 'user', content: words }) as const);

    it('is asked without the oldest messages, and a note says how many', async () => {
      const context = nodeContext();
      const { llm, requests } = llmSaying({ text: 'Fine.' });
      const messages = [...past, { role: 'user', content: 'What now?' } as const];
      await modelAnswer(llm, context, { ...question(''), model: fakeModel('fake:small', 1_000), messages });
      const left = requests[0]!.messages.length;
      expect(left).toBeLessThan(10);
      expect(requests[0]!.messages).toEqual(messages.slice(-left));
      expect(context.events[0]).toEqual({
        type: 'note',
        code: 'memory-trimmed',
        detail: `The oldest ${10 - left} messages were left out: the context window of fake:small has no room for more.`,
      });
    });

    it('is not asked when the message alone is too long', async () => {
      const { llm, requests } = llmSaying({ text: 'Fine.' });
      const asked = { ...question(words.repeat(9)), model: fakeModel('fake:small', 1_000) };
      await expect(modelAnswer(llm, nodeContext(), asked)).rejects.toMatchObject({
        type: { slug: 'context-exceeded' },
      });
      expect(requests).toEqual([]);
    });
  });

  it('keeps to itself what is no part of what the run says', async () => {
    const context = nodeContext();
    const { llm } = llmSaying({ text: 'Hush.' });
    const asked = { ...question('Hi'), isSilent: true, isKept: true };
    expect((await modelAnswer(llm, context, asked)).text).toBe('Hush.');
    expect(context.events).toMatchObject([{ type: 'usage', answer: { messageKey: 'm-1', text: 'Hush.' } }]);
  });
});
