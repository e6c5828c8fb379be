/** Longest group; longer ones are cut where the text has a comma or the like, else anywhere. */
export const MAX_GROUP = 4_096;

/**
 * Where the group that begins at `from` ends: the words from there on that may only be judged together, or one run of
 * separators. The answer depends on the text alone, never on how much of it has come; undefined when more has to come.
 */
export function groupEnd(text: string, from: number, isWhole: boolean): number | undefined {
  if (from >= text.length) return undefined;
  if (isSeparator(text.charCodeAt(from))) return endOfSeparators(text, from, isWhole);
  for (let end = from; ;) {
    end = endOfWord(text, end, from + MAX_GROUP);
    if (end - from >= MAX_GROUP) return cut(text, from, end);
    if (end === text.length) return isWhole ? end : undefined;
    const group = text.slice(from, end);
    if (!mayGoOn(group)) return end;
    const next = endOfGap(text, end);
    if (next === text.length && next - end < MAX_GAP) return isWhole ? end : undefined;
    if (!goesOn(group, text.slice(end, next), text.charAt(next))) return end;
    end = next;
  }
}

const MAX_GAP = 4;
const IDEOGRAPHS = 0x2e80;

/** Whitespace, and whatever is written without spaces: no secret has a part in it. */
const isSeparator = (code: number): boolean => code <= 0x20 || code === 0xa0 || code >= IDEOGRAPHS;
const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;

function endOfWord(text: string, from: number, limit: number): number {
  let end = from;
  while (end < text.length && end < limit && !isSeparator(text.charCodeAt(end))) end += 1;
  return end;
}

function endOfGap(text: string, from: number): number {
  let end = from;
  while (end < text.length && end - from < MAX_GAP && isSeparator(text.charCodeAt(end))) end += 1;
  return end;
}

/** Never between the halves of a character. */
function endOfSeparators(text: string, from: number, isWhole: boolean): number | undefined {
  let end = from;
  while (end < text.length && isSeparator(text.charCodeAt(end))) end += 1;
  if (end === text.length && !isWhole && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
  return end > from ? end : undefined;
}

function cut(text: string, from: number, end: number): number {
  for (let at = end; at > from + 1; at -= 1) if (' \t\n,;&}|>'.includes(text.charAt(at - 1))) return at;
  return end;
}

const NAME = 'pass(?:word|wd|phrase|code|wort)|pwd|secret|key|token|credentials?|ssn|number';
const SEPARATED = `(?:${NAME})\\\\?["'\`\\]]{0,2}\\s{0,3}(?::=|=>|[:=]|(?<=\\s)(?:is|was):?)`;
const NAMED = new RegExp(`(?:${NAME})\\\\?["'\`\\]]{0,2}$`, 'i');
const AWAITING = new RegExp(`${SEPARATED}$`, 'i');
const OPENING = new RegExp(`${SEPARATED}\\s{0,3}\\\\?["'\`]$`, 'i');
const FLAGGED = new RegExp(`(?:^|\\s)--[a-z-]{0,20}(?:${NAME})$`, 'i');
const QUALIFIER = /(?:^|[^a-z])(?:api|access|secret|private|account|encryption|signing|auth)$/i;
const SOCIAL = /(?:^|[^a-z])social(?: security)?$/i;
const SCHEME = /(?:^|[^a-z])(?:bearer|basic)["':]{0,2}$/i;
const HEADER = /-----BEGIN(?: [A-Z0-9]+){0,4}$/;
const IBAN = /(?:^|[^A-Za-z0-9])[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){0,8}$/;
/** Longest name with separator and quoted value. */
const TAIL = 320;

/** The last three letters of everything that goes on. */
const ENDINGS: ReadonlySet<string> = new Set(
  'ord swd ase ode ort pwd ret key ken ial als ssn ber rer sic api ess ate unt ion ing uth gin ial ity'.split(' '),
);

/** Ends a sentence or a part of it. */
const CLOSING = '.,;!?';

/** A quick look that is never wrong when it says no. */
function mayGoOn(group: string): boolean {
  const last = group.charCodeAt(group.length - 1);
  if ((last >= 0x30 && last <= 0x39) || last === 0x29) return true;
  if (CLOSING.includes(group.charAt(group.length - 1))) return false;
  if (!((last >= 0x61 && last <= 0x7a) || (last >= 0x41 && last <= 0x5a))) return true;
  return ENDINGS.has(group.slice(-3).toLowerCase()) || /\s|["'`=-]/.test(group);
}

/** Whether the word that begins with `next` belongs to the group. */
function goesOn(group: string, gap: string, next: string): boolean {
  if (gap.length >= MAX_GAP || /[^ \t]/.test(gap)) return false;
  const tail = group.slice(-TAIL);
  if (gap === ' ' && /[\d)]$/.test(tail) && /[\d(]/.test(next)) return true;
  if (gap === ' ' && /[A-Z0-9]/.test(next) && IBAN.test(tail)) return true;
  if (/[kK]/.test(next) && QUALIFIER.test(tail)) return true;
  if (/[sSnN]/.test(next) && SOCIAL.test(tail)) return true;
  if (NAMED.test(tail) && (/[:=iw]/i.test(next) || /\d/.test(next) || FLAGGED.test(tail))) return true;
  return AWAITING.test(tail) || SCHEME.test(tail) || HEADER.test(tail) || isQuoting(tail);
}

/** Whether a quoted value has begun and not ended: the last quote of its kind is the opening one. */
const isQuoting = (tail: string): boolean =>
  [`"`, `'`, '`'].some((quote) => OPENING.test(tail.slice(0, tail.lastIndexOf(quote) + 1)));
