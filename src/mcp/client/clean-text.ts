/**
 * What a reader does not see, or sees elsewhere than it stands: control, format (zero-width, bidirectional, tag),
 * private, unassigned and lone surrogate code points, variation selectors, and letters that are drawn as nothing.
 */
const INVISIBLE =
  /[\u034f\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u115f\u1160\u2800\u3164\uffa0\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu;

/** As {@link INVISIBLE}, but for what writing systems and emoji need, and private characters. */
const HIDDEN_IN_TEXT =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\0-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\p{Cs}\u{e0000}-\u{e01ef}]/gu;

const LINE_BREAK = /\r\n?|[\u0085\u2028\u2029]/g;

/** A text of a server for people and models to choose by: what is in it can be seen, and it has at most `max` characters. */
export function cleanLabel(text: string, max: number): string {
  const lines = text
    .slice(0, 4 * max)
    .replace(LINE_BREAK, '\n')
    .split('\n');
  const visible = lines.map((line) => line.replaceAll('\t', ' ').replace(INVISIBLE, '')).join('\n');
  return cut(visible.trim(), max);
}

/** Whether a text, but for its blanks and line ends, holds what cannot be seen. */
export const hasHidden = (text: string): boolean => text.replace(/[\t\n\r]/g, '').search(INVISIBLE) !== -1;

/** As {@link cleanLabel}, on one line. */
export const cleanLine = (text: string, max: number): string => cut(cleanLabel(text, max).replaceAll('\n', ' '), max);

/** A text that a tool answered with, whole but for what hides in it. */
export const cleanText = (text: string): string => text.replace(HIDDEN_IN_TEXT, '');

/** A JSON value with every text of it cleaned, names of members included. */
export function cleanJson(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(cleanJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [cleanText(name), cleanJson(member)]));
}

function cut(text: string, max: number): string {
  const characters = [...text];
  return characters.length <= max ? text : `${characters.slice(0, max - 1).join('')}…`;
}
