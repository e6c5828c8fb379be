/** Where something is that should not be shown: from `start` up to, not including, `end` (UTF-16 units). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Finding extends Span {
  /** Of the detector, such as `email`. */
  readonly kind: string;
}

/**
 * Finds one kind of content. It is shown a group: words that belong together, at most 4,096 characters, with whitespace
 * or the text's own end around it. Its time is linear in the length of the group.
 */
export interface Detector {
  readonly kind: string;
  readonly find: (group: string) => readonly Span[];
}

/** The matches of a global pattern. What its group `before` matches is context and stays. */
export function spansOf(pattern: RegExp, text: string, accept: (secret: string) => boolean = () => true): Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(pattern)) {
    const start = match.index + (match.groups?.before?.length ?? 0);
    const end = match.index + match[0].length;
    if (accept(text.slice(start, end))) spans.push({ start, end });
  }
  return spans;
}
