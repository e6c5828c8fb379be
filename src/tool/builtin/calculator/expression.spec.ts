import fc from 'fast-check';
import { Problem } from '../../../platform/problem/problem.js';
import { textOf } from './decimal.js';
import { evaluate } from './expression.js';

const valueOf = (expression: string): string => textOf(evaluate(expression));

function faultOf(expression: string): { slug: string; detail: string } {
  try {
    return { slug: 'none', detail: valueOf(expression) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { slug: error.type.slug, detail: error.detail };
  }
}

describe('an arithmetic expression', () => {
  it.each([
    ['0.1+0.2', '0.3'],
    ['6*7', '42'],
    ['12 * (3+4)', '84'],
    ['-2^2', '-4'],
    ['(-2)^2', '4'],
    ['2^3^2', '512'],
    ['2^-1', '0.5'],
    ['2^-2^2', '0.0625'],
    ['2*-3', '-6'],
    ['--3', '3'],
    ['+3 - -4', '7'],
    ['10-3-2', '5'],
    ['100/10/5', '2'],
    ['10%4*2', '4'],
    ['-7%3', '-1'],
    ['7%-3', '1'],
    ['5.5%2', '1.5'],
    ['1/3', `0.${'3'.repeat(34)}`],
    ['2/3', `0.${'6'.repeat(33)}7`],
    ['-2/3', `-0.${'6'.repeat(33)}7`],
    ['1/8', '0.125'],
    ['1.0000000000000000000000000000000005 / 1', '1'],
    ['1.0000000000000000000000000000000015 / 1', '1.000000000000000000000000000000002'],
    ['1e3 + 1E-2', '1000.01'],
    ['.5 + 5.', '5.5'],
    ['1.50', '1.5'],
    ['0 * -1', '0'],
    ['0^0', '1'],
    ['0.0', '0'],
    ['1000000', '1000000'],
    ['1.1^10', '2.5937424601'],
    ['  4\t/\n2 ', '2'],
    ['(19.99 * 3 + 4.5) * 1.19', '76.7193'],
    ['2^100', '1267650600228229401496703205376'],
    ['10^999', `1${'0'.repeat(999)}`],
    ['1^10000', '1'],
    ['(0-1)^9999', '-1'],
    ['12345678901234567890.5 * 2', '24691357802469135781'],
    ['(1 + 0.05/12)^360', '4.467744314006132212428070110413016'],
  ])('%s is %s', (expression, value) => {
    expect(valueOf(expression)).toBe(value);
  });

  it.each([
    ['1/0', 'There is no division by zero.'],
    ['1/(2-2)', 'There is no division by zero.'],
    ['5%0', 'There is no remainder of a division by zero.'],
    ['0^-1', 'Zero has no negative power.'],
    ['2^0.5', 'An exponent must be a whole number from -10000 to 10000.'],
    ['2^10001', 'An exponent must be a whole number from -10000 to 10000.'],
    ['1^99999999999', 'An exponent must be a whole number from -10000 to 10000.'],
    ['10^1000', 'The result, or a part of it, has more than 1000 digits.'],
    ['9^9999', 'The result, or a part of it, has more than 1000 digits.'],
    ['123456789^9999', 'The result, or a part of it, has more than 1000 digits.'],
    ['1e9999', 'The result, or a part of it, has more than 1000 digits.'],
    ['0.1^5000', 'The result, or a part of it, is nearer to zero than 1000 digits can tell.'],
  ])('%s is impossible: %s', (expression, detail) => {
    expect(faultOf(expression)).toEqual({ slug: 'calculation-impossible', detail });
  });

  it.each([
    ['', 'The expression ends where a number was expected, at position 1.'],
    ['2 +', 'The expression ends where a number was expected, at position 4.'],
    ['2 + * 3', '"*" at position 5 stands where a number was expected.'],
    ['2 3', '"3" at position 3 was not expected.'],
    ['2(3)', '"(" at position 2 was not expected.'],
    ['(2 + 3', 'The expression lacks a ")" for the "(" at position 1, at position 7.'],
    ['2)', '")" at position 2 closes nothing.'],
    ['1,000', '"," at position 2 was not expected.'],
    ['x + 1', '"x" at position 1 stands where a number was expected.'],
    ['1 + 😀', '"😀" at position 5 stands where a number was expected.'],
    ['process.exit()', '"p" at position 1 stands where a number was expected.'],
    [`${'('.repeat(102)}1${')'.repeat(102)}`, 'The expression is nested deeper than 100, at position 102.'],
    [`${'-'.repeat(500)}1`, 'The expression is nested deeper than 100, at position 102.'],
    [`${'2^'.repeat(200)}1`, 'The expression is nested deeper than 100, at position 203.'],
  ])('%j is not understood: %s', (expression, detail) => {
    expect(faultOf(expression)).toEqual({ slug: 'expression-invalid', detail });
  });

  it('comes exactly to what fractions come to', () => {
    fc.assert(
      fc.property(tree, ({ text, value }) => {
        if (value === undefined) expect(faultOf(text).slug).toBe('calculation-impossible');
        else expect(distance(valueOf(text), value)).toBe(0n);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is a quotient rounded to the nearest of 34 digits', () => {
    fc.assert(
      fc.property(literal, literal, ({ text: a, value: [n, m] }, { text: b, value: [d, e] }) => {
        fc.pre(d !== 0n);
        const quotient = valueOf(`${a} / ${b}`);
        expect(significant(quotient)).toBeLessThanOrEqual(34);
        expect(distance(quotient, [n * e, m * d]) <= HALF_OF_LAST_DIGIT).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is a power rounded likewise, however many factors it has', () => {
    const base = fc.integer({ min: 1, max: 9_999 });
    fc.assert(
      fc.property(base, fc.integer({ min: 0, max: 400 }), (part, times) => {
        const raised = valueOf(`1.${String(part).padStart(4, '0')}^${times}`);
        expect(
          distance(raised, [BigInt(10_000 + part) ** BigInt(times), 10_000n ** BigInt(times)]) <= HALF_OF_LAST_DIGIT,
        ).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is a number or a problem, in bounded time, whatever it says', () => {
    const part = fc.constantFrom(
      '9',
      '1e999',
      '(',
      ')',
      '^',
      '/7',
      '*',
      '+',
      '-',
      '%',
      '.',
      ' ',
      '1/3',
      '^9999',
      'x',
      '9.9^',
    );
    const hostile = fc.array(part, { maxLength: 250 }).map((parts) => parts.join('').slice(0, 1_000));
    const from = performance.now();
    fc.assert(
      fc.property(hostile, (text) => {
        expect(faultOf(text).slug).toMatch(/^(?:none|expression-invalid|calculation-impossible)$/);
      }),
      { numRuns: 1_000 },
    );
    for (const text of ['1/3*'.repeat(249) + '1', '9.9^9999*'.repeat(100) + '1', '1.000001^9999+'.repeat(70) + '1'])
      faultOf(text);
    expect(performance.now() - from).toBeLessThan(30_000);
  });
});

/** The naive model. */
type Fraction = readonly [numerator: bigint, denominator: bigint];

/** With `value` undefined where there is none. */
interface Tree {
  readonly text: string;
  readonly value: Fraction | undefined;
}

const literal = fc.record({ digits: fc.nat(999), places: fc.nat(4) }).map(({ digits, places }) => ({
  text: written(digits, places),
  value: [BigInt(digits), 10n ** BigInt(places)] as const,
}));

const written = (digits: number, places: number): string => {
  const text = String(digits).padStart(places + 1, '0');
  return `${text.slice(0, text.length - places)}.${text.slice(text.length - places)}`;
};

/** So small that nothing of it has more digits than are kept exactly. */
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    literal,
    fc
      .record({ left: tie('tree'), operator: fc.constantFrom('+', '-', '*', '%'), right: tie('tree') })
      .map(({ left, operator, right }) => ({
        text: `(${left.text}) ${operator} (${right.text})`,
        value: left.value && right.value && combined(left.value, operator, right.value),
      })),
    tie('tree').map(({ text, value }) => ({ text: `-(${text})`, value: value && ([-value[0], value[1]] as const) })),
    fc.record({ base: tie('tree'), times: fc.nat(3) }).map(({ base, times }) => ({
      text: `(${base.text})^${times}`,
      value: base.value && ([base.value[0] ** BigInt(times), base.value[1] ** BigInt(times)] as const),
    })),
  ),
}));

function combined([a, b]: Fraction, operator: string, [c, d]: Fraction): Fraction | undefined {
  if (operator === '+') return [a * d + c * b, b * d];
  if (operator === '-') return [a * d - c * b, b * d];
  if (operator === '*') return [a * c, b * d];
  return c === 0n ? undefined : [(a * d) % (c * b), b * d];
}

/** How far a decimal is from a fraction, in parts of 10^40 of the fraction. */
function distance(decimal: string, [a, b]: Fraction): bigint {
  const [whole = '', fraction = ''] = decimal.split('.');
  const off = absolute(BigInt(whole + fraction) * b - a * 10n ** BigInt(fraction.length));
  return off === 0n ? 0n : (off * 10n ** 40n) / (absolute(a) * 10n ** BigInt(fraction.length));
}

const HALF_OF_LAST_DIGIT = 10n ** 40n / (2n * 10n ** 33n);

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);
const significant = (decimal: string): number => decimal.replace('.', '').replace(/^-?0*/, '').length;
