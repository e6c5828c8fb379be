import { calculationImpossible } from './calculator.errors.js';

/** The number `coefficient` times ten to the power of `exponent`; the coefficient of any but zero does not end with 0. */
export interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** Most digits before the point, and most zeros after it. */
const MAX_DIGITS = 1_000;
/** A number with a fraction is exact up to so many significant digits ... */
const MAX_EXACT = 100;
/** ... and rounded to so many beyond, as a quotient always is. Digits before the point are never rounded away. */
const PRECISION = 34;
const MAX_EXPONENT = 10_000;

export const ZERO: Decimal = { coefficient: 0n, exponent: 0 };
const ONE: Decimal = { coefficient: 1n, exponent: 0 };

/** Of digits with at most one point, and an exponent after an e; a sign may come first. @throws Problem calculation-impossible */
export function decimalOf(text: string): Decimal {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return fitted(BigInt(`${whole}${fraction}` || '0'), Number(exponent) - fraction.length);
}

/** Without an exponent and without trailing zeros. */
export function textOf({ coefficient, exponent }: Decimal): string {
  const sign = coefficient < 0n ? '-' : '';
  const digits = magnitude(coefficient).toString();
  if (exponent >= 0) return `${sign}${digits}${'0'.repeat(exponent)}`;
  const padded = digits.padStart(1 - exponent, '0');
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

export function add(left: Decimal, right: Decimal): Decimal {
  const { a, b, exponent } = aligned(left, right);
  return fitted(a + b, exponent);
}

export const negate = ({ coefficient, exponent }: Decimal): Decimal => ({ coefficient: -coefficient, exponent });

export const subtract = (left: Decimal, right: Decimal): Decimal => add(left, negate(right));

export const multiply = (left: Decimal, right: Decimal): Decimal =>
  fitted(left.coefficient * right.coefficient, left.exponent + right.exponent);

/** Exact where that takes at most {@link PRECISION} digits, else rounded to the nearest, ties to even. */
export function divide(left: Decimal, right: Decimal): Decimal {
  if (right.coefficient === 0n) throw calculationImpossible('There is no division by zero.');
  const shift = Math.max(0, PRECISION + 2 + digitsOf(right.coefficient) - digitsOf(left.coefficient));
  const scaled = left.coefficient * 10n ** BigInt(shift);
  const quotient = scaled / right.coefficient;
  const isExact = quotient * right.coefficient === scaled;
  // A digit of 1 below an inexact quotient keeps it from looking like a tie.
  const sticky = quotient * 10n + (isExact ? 0n : sign(scaled) * sign(right.coefficient));
  const exponent = left.exponent - right.exponent - shift - 1;
  return fitted(...rounded(sticky, exponent, Math.max(PRECISION, digitsOf(sticky) + exponent)));
}

/** What is left of `left` when it is taken down by whole multiples of `right`; has the sign of `left`. */
export function remainder(left: Decimal, right: Decimal): Decimal {
  if (right.coefficient === 0n) throw calculationImpossible('There is no remainder of a division by zero.');
  const { a, b, exponent } = aligned(left, right);
  return fitted(a % b, exponent);
}

/** Any number to the power of 0 is 1. */
export function power(base: Decimal, by: Decimal): Decimal {
  const times = by.exponent >= 0 && digitsOf(by.coefficient) + by.exponent <= 5 ? Number(textOf(by)) : NaN;
  if (!(Math.abs(times) <= MAX_EXPONENT))
    throw calculationImpossible(`An exponent must be a whole number from -${MAX_EXPONENT} to ${MAX_EXPONENT}.`);
  if (times < 0 && base.coefficient === 0n) throw calculationImpossible('Zero has no negative power.');
  const raised = raise(base, Math.abs(times));
  return times < 0 ? divide(ONE, raised) : raised;
}

function raise({ coefficient, exponent }: Decimal, times: number): Decimal {
  if (exponent < 0) return roughly(coefficient, exponent, times);
  if ((digitsOf(coefficient) - 1 + exponent) * times > MAX_DIGITS) throw tooLarge();
  return fitted(coefficient ** BigInt(times), exponent * times);
}

/** By squaring, with so many digits that a result which is kept exactly is exact, and any other right to its last digit. */
function roughly(coefficient: bigint, exponent: number, times: number): Decimal {
  const digits = MAX_DIGITS + PRECISION;
  let result: Parts = [1n, 0];
  let square: Parts = [coefficient, exponent];
  for (let left = times; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = rounded(result[0] * square[0], result[1] + square[1], digits);
    if (left > 1) square = rounded(square[0] * square[0], square[1] * 2, digits);
  }
  return fitted(...result);
}

type Parts = readonly [coefficient: bigint, exponent: number];

/** The number in its one form, if it can be kept. @throws Problem calculation-impossible */
function fitted(coefficient: bigint, exponent: number): Decimal {
  if (coefficient === 0n) return ZERO;
  const digits = digitsOf(coefficient);
  if (digits + exponent > MAX_DIGITS) throw tooLarge();
  if (digits + exponent < -MAX_DIGITS)
    throw calculationImpossible(`The result, or a part of it, is nearer to zero than ${MAX_DIGITS} digits can tell.`);
  const plain = stripped(coefficient, exponent);
  if (plain.exponent >= 0 || digitsOf(plain.coefficient) <= MAX_EXACT) return plain;
  return stripped(...rounded(plain.coefficient, plain.exponent, Math.max(PRECISION, digits + exponent)));
}

/** Without the zeros at the end of the coefficient. */
function stripped(coefficient: bigint, exponent: number): Decimal {
  const text = coefficient.toString();
  let end = text.length;
  while (text.charCodeAt(end - 1) === 48) end--;
  const zeros = text.length - end;
  return zeros === 0
    ? { coefficient, exponent }
    : { coefficient: BigInt(text.slice(0, end)), exponent: exponent + zeros };
}

/** To at most `digits` significant ones, to the nearest, ties to even. */
function rounded(coefficient: bigint, exponent: number, digits: number): Parts {
  const surplus = digitsOf(coefficient) - digits;
  if (surplus <= 0) return [coefficient, exponent];
  const unit = 10n ** BigInt(surplus);
  const kept = coefficient / unit;
  const twice = magnitude(coefficient % unit) * 2n;
  const up = twice > unit || (twice === unit && kept % 2n !== 0n);
  return [up ? kept + sign(coefficient) : kept, exponent + surplus];
}

/** Both as whole numbers of the same power of ten. Neither exponent is far from zero: every number is {@link fitted}. */
function aligned(left: Decimal, right: Decimal): { readonly a: bigint; readonly b: bigint; readonly exponent: number } {
  const exponent = Math.min(left.exponent, right.exponent);
  const whole = (one: Decimal): bigint => one.coefficient * 10n ** BigInt(one.exponent - exponent);
  return { a: whole(left), b: whole(right), exponent };
}

const tooLarge = () => calculationImpossible(`The result, or a part of it, has more than ${MAX_DIGITS} digits.`);

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
const sign = (value: bigint): bigint => (value < 0n ? -1n : 1n);
const digitsOf = (value: bigint): number => magnitude(value).toString().length;
