import { countedTokens } from './token-estimate.js';

describe('countedTokens', () => {
  it('never hands a long piece to the tokenizer', () => {
    const lengths: number[] = [];
    countedTokens('a'.repeat(20_000), (piece) => lengths.push(piece.length));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(500);
  });

  it('extrapolates beyond what it counts', () => {
    let counted = 0;
    const tokens = countedTokens('word '.repeat(200_000), (piece) => {
      counted += piece.length;
      return piece.length / 5;
    });
    expect(tokens).toBe(200_000);
    expect(counted).toBe(100_000);
  });

  it('counts nothing for no text', () => {
    expect(countedTokens('', () => 1)).toBe(0);
  });
});
