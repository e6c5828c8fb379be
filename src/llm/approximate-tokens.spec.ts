import fc from 'fast-check';
import { approximateTokens, tokenPieces } from './approximate-tokens.js';

describe('approximateTokens', () => {
  it('cuts any text into pieces that make up the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(tokenPieces(text).join('')).toBe(text);
        expect(approximateTokens(text)).toBe(tokenPieces(text).length);
      }),
    );
  });

  it.each([
    ['', 0],
    ['Hello', 1],
    ['Hello, world!', 4],
    ['internationalisation', 3],
    ['one two three', 3],
    ['日本語', 1],
    ['a\n\n  b ', 3],
  ])('counts %j as %i', (text, tokens) => {
    expect(approximateTokens(text)).toBe(tokens);
  });

  it('is near to what real tokenizers count for prose', () => {
    const prose =
      'The quick brown fox jumps over the lazy dog, and nobody in the neighbourhood seems to be surprised by it. ';
    expect(approximateTokens(prose.repeat(10))).toBeGreaterThan(220 * 0.75);
    expect(approximateTokens(prose.repeat(10))).toBeLessThan(220 * 1.25);
  });

  it('takes a megabyte of anything in its stride', () => {
    const start = performance.now();
    for (const text of [
      ' '.repeat(1_000_000),
      'a'.repeat(1_000_000),
      ' a'.repeat(500_000),
      '\u{1F98A}'.repeat(250_000),
    ])
      approximateTokens(text);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
