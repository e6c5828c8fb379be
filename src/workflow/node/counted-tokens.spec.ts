import fc from 'fast-check';
import { scriptedLlm } from '../../../test/support/fake-llm.js';
import type { ChatDelta } from '../../llm/chat-model.js';
import { cutTo, inputTokensOf, outputTokensOf } from './counted-tokens.js';

const text = (content: string): ChatDelta => ({ type: 'text', text: content });

describe('tokens that are counted here', () => {
  it('of text in Latin letters are those that the scripted model counts', async () => {
    const messages = [{ role: 'user' as const, content: 'Say exactly: one two three, four' }];
    const { llm } = scriptedLlm();
    const deltas: ChatDelta[] = [];
    for await (const batch of llm.stream({ messages, signal: new AbortController().signal })) deltas.push(...batch);
    const usage = deltas.find(({ type }) => type === 'usage');
    expect(usage).toMatchObject({
      usage: { inputTokens: inputTokensOf({ messages }), outputTokens: outputTokensOf(deltas) },
    });
  });

  it('of other letters are at least the letters that three quarters of a token hold', () => {
    expect(outputTokensOf([text('漢'.repeat(100))])).toBe(75);
    expect(outputTokensOf([text('a'.repeat(100))])).toBe(13);
  });

  it('include what a model is told of tools, and the calls it writes', () => {
    const tools = [{ name: 'add', description: 'Adds two numbers.', parameters: {} }];
    expect(inputTokensOf({ messages: [], tools })).toBeGreaterThan(inputTokensOf({ messages: [] }) + 5);
    expect(outputTokensOf([{ type: 'toolCall', index: 0, name: 'add', arguments: '{"a":1}' }])).toBeGreaterThan(3);
  });
});

describe('an answer that is cut', () => {
  it('ends within its text, after the last whole piece', () => {
    expect(cutTo([text('one two'), text(' three four')], 3)).toEqual([text('one two'), text(' three')]);
  });

  it('holds no half of a tool call, nor what follows it', () => {
    const call: ChatDelta = { type: 'toolCall', index: 0, name: 'add', arguments: '{"a":1,"b":2}' };
    expect(cutTo([text('one'), call, text(' two')], 3)).toEqual([text('one')]);
  });

  it('never has more tokens than it may, and is a beginning of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 40 })), fc.nat(30), (texts, tokens) => {
        const cut = cutTo(texts.map(text), tokens);
        expect(outputTokensOf(cut)).toBeLessThanOrEqual(tokens);
        const said = cut.map((delta) => (delta.type === 'text' ? delta.text : '')).join('');
        expect(texts.join('').startsWith(said)).toBe(true);
      }),
    );
  });
});
