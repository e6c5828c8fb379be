import type { Detector, Span } from '../detector.js';

/** Lengths by country (ISO 13616 registry). */
const LENGTHS: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 ' +
    'FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 ' +
    'LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ' +
    'ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

const BEGINNING = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}/g;
/** The longest with a space after each four. */
const WRITTEN = 42;

/** International bank account numbers: the length of the country and the check digits (modulo 97). */
export const ibanDetector: Detector = {
  kind: 'iban',
  find: (group) =>
    [...group.matchAll(BEGINNING)].flatMap(({ 0: beginning, index }) => ibanAt(group, index, beginning.slice(0, 2))),
};

function ibanAt(group: string, start: number, country: string): readonly Span[] {
  const length = LENGTHS.get(country);
  if (length === undefined) return [];
  let compact = '';
  let end = start;
  for (const limit = Math.min(group.length, start + WRITTEN); end < limit && compact.length < length; end += 1) {
    const character = group.charAt(end);
    if (/[A-Z0-9]/.test(character)) compact += character;
    else if (character !== ' ' || group.charAt(end - 1) === ' ') return [];
  }
  const isWhole = compact.length === length && !/[A-Za-z0-9]/.test(group.charAt(end));
  return isWhole && remainder(compact) === 1 ? [{ start, end }] : [];
}

function remainder(compact: string): number {
  let rest = 0;
  for (const character of `${compact.slice(4)}${compact.slice(0, 4)}`) {
    const value = parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
