import { arithmeticIn } from './arithmetic.js';

describe('arithmeticIn', () => {
  it.each([
    ['What is 12 * (3+4)?', '12 * (3+4)'],
    ['calculate 2+2', '2+2'],
    ['What is 2 plus 3 times 4?', '2 + 3 * 4'],
    ['How much is 15% of 80?', '15 / 100 * 80'],
    ['Compute (12 / 3) - 1.', '(12 / 3) - 1'],
    ['2 to the power of 10', '2 ^ 10'],
    ['Is it 7 × 6?', '7 * 6'],
    ['(is 3 - -4 negative)', '3 - -4'],
    ['what is 10-3', '10-3'],
  ])('finds it in %s', (message, expression) => {
    expect(arithmeticIn(message)).toBe(expression);
  });

  it.each([
    'Hello',
    'my number is 555-1234',
    'On 2024-01-15 we met',
    'I have 3 cats and 2 dogs',
    '1.',
    '(2 + 3',
    'a - b',
  ])('finds none in %s', (message) => {
    expect(arithmeticIn(message)).toBeUndefined();
  });

  it('is not held up by hostile input', () => {
    const start = performance.now();
    for (const part of ['(', ' )', '1 ', '+', '1+', ' times']) arithmeticIn(part.repeat(10_000));
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
