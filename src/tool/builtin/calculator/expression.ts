import { expressionInvalid } from './calculator.errors.js';
import { add, decimalOf, divide, multiply, negate, power, remainder, subtract, type Decimal } from './decimal.js';

/** Deepest nesting of parentheses, signs and powers. */
const MAX_DEPTH = 100;

/**
 * The value of an arithmetic expression: numbers, parentheses, signs, `^` (from the right, before a sign on its left),
 * then `* / %` and `+ -` from the left. Time is linear in its length, apart from that of one operation.
 * @throws Problem expression-invalid, calculation-impossible
 */
export function evaluate(expression: string): Decimal {
  const cursor = new Cursor(expression);
  const value = binary(cursor, 1, 0);
  const rest = cursor.peek();
  if (rest !== undefined) throw cursor.unexpected(rest === ')' ? 'closes nothing' : 'was not expected');
  return value;
}

interface Operator {
  readonly precedence: number;
  readonly apply: (left: Decimal, right: Decimal) => Decimal;
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['+', { precedence: 1, apply: add }],
  ['-', { precedence: 1, apply: subtract }],
  ['*', { precedence: 2, apply: multiply }],
  ['/', { precedence: 2, apply: divide }],
  ['%', { precedence: 2, apply: remainder }],
]);

/** Precedence climbing: operands joined by operators that bind at least as strongly as `least`. */
function binary(cursor: Cursor, least: number, depth: number): Decimal {
  let left = signed(cursor, depth);
  for (;;) {
    const operator = OPERATORS.get(cursor.peek() ?? '');
    if (!operator || operator.precedence < least) return left;
    cursor.take();
    left = operator.apply(left, binary(cursor, operator.precedence + 1, depth));
  }
}

function signed(cursor: Cursor, depth: number): Decimal {
  if (depth > MAX_DEPTH) throw cursor.fault(`is nested deeper than ${MAX_DEPTH}`);
  const sign = cursor.peek();
  if (sign !== '-' && sign !== '+') return raised(cursor, depth);
  cursor.take();
  const value = signed(cursor, depth + 1);
  return sign === '-' ? negate(value) : value;
}

function raised(cursor: Cursor, depth: number): Decimal {
  const base = operand(cursor, depth);
  if (cursor.peek() !== '^') return base;
  cursor.take();
  return power(base, signed(cursor, depth + 1));
}

function operand(cursor: Cursor, depth: number): Decimal {
  if (cursor.peek() !== '(') return decimalOf(cursor.number());
  const opened = cursor.take();
  const value = binary(cursor, 1, depth + 1);
  if (cursor.peek() !== ')') throw cursor.fault(`lacks a ")" for the "(" at position ${opened}`);
  cursor.take();
  return value;
}

const BLANK = /\s/;
/** Read at one place only; nothing in it can match the same text in two ways. */
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?/y;

/** Where in the text the reading has come to. */
class Cursor {
  private at = 0;

  constructor(private readonly text: string) {}

  /** The next character that is no blank; undefined at the end. */
  peek(): string | undefined {
    while (BLANK.test(this.text.charAt(this.at))) this.at++;
    return this.at < this.text.length ? this.text.charAt(this.at) : undefined;
  }

  /** Steps over it. @returns its position, from 1 */
  take(): number {
    return ++this.at;
  }

  /** Steps over a number. @throws Problem expression-invalid when there is none */
  number(): string {
    if (this.peek() === undefined) throw this.fault('ends where a number was expected');
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text)?.[0];
    if (found === undefined) throw this.unexpected('stands where a number was expected');
    this.at += found.length;
    return found;
  }

  unexpected(what: string) {
    const character = String.fromCodePoint(this.text.codePointAt(this.at) ?? 32);
    return expressionInvalid(`${JSON.stringify(character)} at position ${this.at + 1} ${what}.`);
  }

  fault(what: string) {
    return expressionInvalid(`The expression ${what}, at position ${this.at + 1}.`);
  }
}
