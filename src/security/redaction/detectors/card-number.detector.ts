import type { Detector, Span } from '../detector.js';

const RUN = /\d+(?:[ -]\d+)*/g;
const SHORTEST = 13;
const LONGEST = 19;
/** Issuers' ranges: Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay, Maestro. */
const ISSUER =
  /^(?:4|5[0-8]|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)|3[47]|6(?:011|4[4-9]|5|2|3|7)|35(?:2[89]|[3-8]\d)|3(?:0[0-5]|[689]))/;

/** Numbers of payment cards (ISO/IEC 7812): an issuer's range and the check digit of Luhn. */
export const cardNumberDetector: Detector = {
  kind: 'card-number',
  find: (group) => [...group.matchAll(RUN)].flatMap(({ 0: run, index }) => cardsIn(group, run, index)),
};

function cardsIn(group: string, run: string, offset: number): readonly Span[] {
  if (run.length < SHORTEST) return [];
  const parts = [...run.matchAll(/\d+/g)].map(({ 0: digits, index }) => ({ digits, start: offset + index }));
  const spans: Span[] = [];
  for (let first = 0; first < parts.length; first += 1) {
    const span = cardAt(group, parts, first);
    if (span) spans.push(span);
  }
  return spans;
}

/** The longest card that begins with a part. */
function cardAt(group: string, parts: readonly { digits: string; start: number }[], first: number): Span | undefined {
  let digits = '';
  let found: Span | undefined;
  for (const part of parts.slice(first, first + LONGEST)) {
    digits += part.digits;
    if (digits.length > LONGEST) break;
    const span = { start: parts[first]?.start ?? 0, end: part.start + part.digits.length };
    if (digits.length >= SHORTEST && isCard(digits) && standsAlone(group, span)) found = span;
  }
  return found;
}

const isCard = (digits: string): boolean => ISSUER.test(digits) && !/^(\d)\1+$/.test(digits) && hasCheckDigit(digits);

function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const weighted = index % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}

/** No part of an id, a hash, a decimal number or a path. */
const standsAlone = (group: string, { start, end }: Span): boolean =>
  !/[A-Za-z0-9_/#-]$|\d\.$/.test(group.slice(Math.max(0, start - 2), start)) &&
  !/^(?:[A-Za-z0-9_]|[-.]\w)/.test(group.slice(end, end + 2));
