import type { Detector, Span } from '../detector.js';
import { isPlaceholder } from '../placeholder.js';

/** Names whose values are secret, also as the end of longer ones: `DB_PASSWORD`, `clientSecret`. */
export const SECRET_NAME =
  'pass(?:word|wd|phrase|code|wort)|pwd|secret|(?:api|access|secret|private|account|encryption|signing|auth)[ _-]?key|token|credentials?';

/** Name, separator and the beginning of the value, whose quote says where it ends. */
const ASSIGNMENT = new RegExp(
  `(?<name>${SECRET_NAME})\\\\?["'\`\\]]{0,2}(?<separator>\\s{0,3}(?::=|=>|[:=])\\s{0,3}|\\s{1,3}(?:is|was)\\s{1,3}:?\\s?)(?<quote>\\\\?["'\`])?`,
  'gi',
);
const FLAG = new RegExp(`--[a-z-]{0,20}(?<name>${SECRET_NAME})(?<separator>\\s)`, 'gi');

/** Values given to names such as password, secret, API key or token. */
export const secretDetector: Detector = {
  kind: 'secret',
  find: (group) => (/[:=]|is|was|--/i.test(group) ? [...valuesIn(group, ASSIGNMENT), ...valuesIn(group, FLAG)] : []),
};

function* valuesIn(group: string, pattern: RegExp): Generator<Span> {
  for (const { 0: before, index, groups } of group.matchAll(pattern)) {
    const start = index + before.length;
    const quote = groups?.quote;
    const end = quote === undefined ? endOfWord(group, start) : endOfQuoted(group, start, quote);
    const assigned = { name: groups?.name ?? '', separator: groups?.separator ?? '', isQuoted: quote !== undefined };
    if (isSecret(group.slice(start, end), assigned)) yield { start, end };
  }
}

function endOfQuoted(group: string, start: number, quote: string): number {
  const end = group.indexOf(quote, start);
  return end < 0 ? group.length : end;
}

/** The word without what closes the sentence or the bracket it stands in. */
function endOfWord(group: string, start: number): number {
  let end = start;
  while (end < group.length && !/[\s"'`&;<>\\]/.test(group.charAt(end))) end += 1;
  while (end > start && /[,.:?)\]}]/.test(group.charAt(end - 1))) end -= 1;
  return end;
}

interface Assigned {
  readonly name: string;
  readonly separator: string;
  readonly isQuoted: boolean;
}

function isSecret(value: string, { name, separator, isQuoted }: Assigned): boolean {
  if (value.length < 3 || isPlaceholder(value.replace(/!{1,3}$/, ''))) return false;
  const isMixed = /[0-9]/.test(value) || /[^\w\s.,:;!?'"()-]/.test(value) || /[a-z][A-Z]/.test(value);
  if (/^tok/i.test(name) && !(value.length >= 8 && /[0-9]/.test(value) && /[A-Za-z]/.test(value))) return false;
  if (isQuoted) return true;
  if (/[(]|^[=>]|^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$|^\$\w+$/.test(value)) return false;
  if (/is|was/i.test(separator)) return value.length >= 5 && (/[0-9]/.test(value) || /[^\w\s.,:;!?'"()-]/.test(value));
  if (separator.trim() === '=' && separator.length > 1) return isMixed && !/^[a-z]+(?:[A-Z][a-z]+)+$/.test(value);
  return isMixed || /^[A-Za-z_-]{6,}$/.test(value);
}
