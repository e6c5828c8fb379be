import type { ChatDelta, ChatMessage } from './chat-model.js';
import { meteredStream } from './metered-stream.js';

const MESSAGES: readonly ChatMessage[] = [{ role: 'user', content: 'What is the capital of France? <|endoftext|>' }];
const FINISH: ChatDelta = { type: 'finish', reason: 'stop' };

describe('meteredStream', () => {
  it('passes on what the provider reports', async () => {
    const batches: ChatDelta[][] = [
      [{ type: 'text', text: 'Paris' }],
      [{ type: 'usage', usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } }, FINISH],
    ];
    expect(await all(meteredStream(from(batches), MESSAGES))).toEqual(batches);
  });

  it('estimates, and says so, when the provider reports nothing', async () => {
    const batches = await all(
      meteredStream(
        from([[{ type: 'text', text: 'Paris is' }], [{ type: 'text', text: ' the capital.' }, FINISH]]),
        MESSAGES,
      ),
    );
    const [text, usage, finish] = batches.at(-1) ?? [];
    expect([text, finish]).toEqual([{ type: 'text', text: ' the capital.' }, FINISH]);
    expect(usage).toEqual({
      type: 'usage',
      usage: { inputTokens: 14, outputTokens: 5, totalTokens: 19, estimated: true },
    });
  });

  it('counts tool calls as output', async () => {
    const call: ChatDelta = {
      type: 'toolCall',
      index: 0,
      id: 'a',
      name: 'calculator',
      arguments: '{"expression":"2+2"}',
    };
    const usage = (await all(meteredStream(from([[call, FINISH]]), []))).flat().find(({ type }) => type === 'usage');
    expect(usage).toMatchObject({ usage: { outputTokens: 8, inputTokens: 0 } });
  });

  it('leaves a stream without an end alone', async () => {
    const batches: ChatDelta[][] = [[{ type: 'text', text: 'Par' }]];
    expect(await all(meteredStream(from(batches), MESSAGES))).toEqual(batches);
  });
});

async function* from<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

const all = <Item>(items: AsyncIterable<Item>): Promise<Item[]> => Array.fromAsync(items);
