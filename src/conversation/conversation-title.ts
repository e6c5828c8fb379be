export const DEFAULT_TITLE = 'New conversation';
export const MAX_TITLE = 200;

const DERIVED_LENGTH = 60;

/** A title from the first words of a message: one line of about 60 characters, cut after a word. */
export function titleOf(message: string): string {
  const line = wholeCharacters(message.slice(0, 10 * DERIVED_LENGTH))
    .replace(/\s+/g, ' ')
    .trim();
  if (line === '') return DEFAULT_TITLE;
  return shortened(line, DERIVED_LENGTH);
}

/** The title of a fork that was given none. */
export const forkTitleOf = (title: string): string => `${shortened(title, MAX_TITLE - SUFFIX.length)}${SUFFIX}`;

const SUFFIX = ' (fork)';

/** `text` within `max` UTF-16 units, an ellipsis included; a word longer than half of that is cut through. */
function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = text.slice(0, max);
  const wordEnd = kept.lastIndexOf(' ');
  const end = wordEnd >= max / 2 ? wordEnd : max - 1;
  return `${wholeCharacters(text.slice(0, end))}…`;
}

/** Without the first half of a surrogate pair at the end. */
const wholeCharacters = (text: string): string => (text.isWellFormed() ? text : text.replace(/[\ud800-\udbff]$/, ''));
