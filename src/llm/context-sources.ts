import type { ContextSource } from './chat-model.js';

/** A source starts at a line "[n] title"; such lines inside a text are marked by a backslash. */
const HEADING = /^\[(\d{1,6})\] ?(.*)$/;
const LOOKALIKE = /^\\*\[\d{1,6}\]/;
const MARKED_LOOKALIKE = /^\\+\[\d{1,6}\]/;

/** What a model is told where nothing was found. */
export const NO_SOURCES = '(There are no sources: nothing was found. Say so, and do not answer from elsewhere.)';

/**
 * Numbered sources as they stand in a system message: `[1] Title`, the text below it, a blank line between sources;
 * {@link NO_SOURCES} where there are none.
 */
export function formatSources(sources: readonly ContextSource[]): string {
  if (sources.length === 0) return NO_SOURCES;
  return sources
    .map(({ index, title, text }) => `[${index}] ${title.replace(/\s+/g, ' ').trim()}\n${marked(text.trim())}`)
    .join('\n\n');
}

/** The sources inside a message, in order; empty when it holds none. What stands before the first is no source. */
export function parseSources(message: string): readonly ContextSource[] {
  const sources: { index: number; title: string; lines: string[] }[] = [];
  for (const line of message.split('\n')) {
    const heading = HEADING.exec(line);
    if (heading) sources.push({ index: Number(heading[1]), title: (heading[2] ?? '').trim(), lines: [] });
    else sources.at(-1)?.lines.push(MARKED_LOOKALIKE.test(line) ? line.slice(1) : line);
  }
  return sources.map(({ index, title, lines }) => ({ index, title, text: lines.join('\n').trim() }));
}

function marked(text: string): string {
  return text
    .split('\n')
    .map((line) => (LOOKALIKE.test(line) ? `\\${line}` : line))
    .join('\n');
}
