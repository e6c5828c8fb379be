const STOP_WORDS = new Set(
  (
    'a about also am an and any are as at be been but by can could did do does for from had has have how i if in into is it its let ' +
    'may me might must my no not of on one or our out please shall should so some such tell than that the their them then there ' +
    'these they this those to us use used using was we were what when where which who whom whose why will with would you your many much give ' +
    'say said show know explain describe according sources source ' +
    'long often far big old fast soon kind sort want need like get got question answer'
  ).split(' '),
);

/** The distinct words of a text that carry meaning, lower case and without the commonest endings. */
export function contentWords(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.filter((word) => !STOP_WORDS.has(word)).map(stem));
}

/** How many words of `wanted` are in `present`. */
export function shared(wanted: ReadonlySet<string>, present: ReadonlySet<string>): number {
  let count = 0;
  for (const word of wanted) if (present.has(word)) count++;
  return count;
}

/** The sentences of a text, trimmed, without the empty ones; a line break ends a sentence, a decimal point does not. */
export function sentences(text: string): readonly string[] {
  return text
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}

/** At most `length` characters of a text, on one line. */
export function excerpt(text: string, length: number): string {
  const line = text
    .slice(0, length * 2)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > length || text.length > length * 2 ? `${line.slice(0, length - 1).trimEnd()}…` : line;
}

function stem(word: string): string {
  for (const ending of ['ing', 'ies', 'es', 'ed', 's'])
    if (word.length > ending.length + 3 && word.endsWith(ending))
      return word.slice(0, -ending.length).replace(/(.)\1$/, '$1');
  return word.length > 4 && /[ey]$/.test(word) ? word.slice(0, -1) : word;
}
