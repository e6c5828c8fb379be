import type { ChatMessage } from './chat-model.js';
import { inputBudget, withinContext } from './context-budget.js';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const SMALL = { contextWindow: 1_000 };
const WORDS = 'Some words about this and that. '.repeat(20);

describe('the room a model has for what it is told', () => {
  it.each([
    [{ contextWindow: 128_000 }, undefined, 123_904],
    [{ contextWindow: 128_000, maxOutputTokens: 1_000 }, undefined, 127_000],
    [{ contextWindow: 1_000 }, undefined, 750],
    [{ contextWindow: 1_000 }, 100, 900],
    [{ contextWindow: 1_000 }, 1_000_000, 500],
  ])('is the context window of %j without what is kept for the answer (maxTokens %p): %d', (limits, asked, room) => {
    expect(inputBudget(limits, asked)).toBe(room);
  });

  it('leaves messages as they are when all have room', async () => {
    const messages = [user('One.'), user('Two.')];
    const fitted = await withinContext({ messages }, 'm', SMALL);
    expect(fitted.messages).toBe(messages);
    expect(fitted.leftOut).toBe(0);
  });

  it('leaves out the oldest', async () => {
    const messages = [...Array.from({ length: 9 }, () => user(WORDS)), user('What now?')];
    const { messages: left, leftOut, tokens } = await withinContext({ messages }, 'm', SMALL);
    expect(leftOut).toBeGreaterThan(0);
    expect(left).toEqual(messages.slice(leftOut));
    expect(tokens).toBeLessThanOrEqual(650);
  });

  it('counts tools and schema', async () => {
    const messages = [user(WORDS), user(WORDS), user('What now?')];
    expect((await withinContext({ messages }, 'm', SMALL)).leftOut).toBe(0);
    const tools = [{ name: 'find', description: WORDS.repeat(3), parameters: {} }];
    expect((await withinContext({ messages, tools }, 'm', SMALL)).leftOut).toBeGreaterThan(0);
  });

  it('counts scripts without spaces as models do', async () => {
    const messages = [user('漢字かな交じり文'.repeat(100)), user('What now?')];
    expect((await withinContext({ messages }, 'm', SMALL)).leftOut).toBe(1);
  });

  it('refuses what does not even fit alone, with numbers and a remedy', async () => {
    const messages = [user('Hello.'), user(WORDS.repeat(10))];
    await expect(withinContext({ messages }, 'fake:small', SMALL)).rejects.toMatchObject({
      type: { slug: 'context-exceeded', status: 422 },
      detail: expect.stringMatching(/about \d+ tokens .* fake:small has room for 750 .*Shorten/) as string,
    });
  });

  it('refuses nothing for the sake of a guess', async () => {
    const messages = [user('Hello.'), user(WORDS.repeat(10))];
    const fitted = await withinContext({ messages }, 'm', { ...SMALL, isAssumed: true });
    expect(fitted).toMatchObject({ messages: messages.slice(1), leftOut: 1 });
  });
});
