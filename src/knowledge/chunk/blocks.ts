import type { TextForm } from '../parse/parsed-text.js';

/** A part of a text that is not cut unless it is too long: `text.slice(start, end)`, no blank at either end. */
export interface Block {
  readonly start: number;
  readonly end: number;
  /** 1 to 6 of a heading. */
  readonly level?: number;
}

interface Line {
  readonly start: number;
  /** Before the line break and blanks before it. */
  readonly end: number;
  readonly text: string;
}

const FENCE = /^ {0,3}(```+|~~~+)/;
const HEADING = /^(#{1,6})[ \t]+\S/;
const OF_ITS_OWN = /^\s*(?:[-*+]|\d{1,9}[.)])[ \t]|^\s*\|/;

/** The blocks of a text in their order: headings, paragraphs, items of lists, rows of tables, fenced code. */
export function blocksOf(text: string, form: TextForm): readonly Block[] {
  const lines = [...linesOf(text)];
  if (form === 'rows') return lines.filter(isFilled).map(({ start, end }) => ({ start, end }));
  return trimmed(text, form === 'plain' ? paragraphs(lines) : markdown(lines));
}

function* linesOf(text: string): Generator<Line> {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf('\n', start);
    const next = found === -1 ? text.length : found;
    const line = text.slice(start, next);
    yield { start, end: start + line.trimEnd().length, text: line };
    start = next + 1;
  }
}

const isFilled = ({ start, end }: Line): boolean => end > start;

function* paragraphs(lines: readonly Line[]): Generator<Block> {
  let open: Block | undefined;
  for (const line of lines) {
    if (isFilled(line)) open = { start: open?.start ?? line.start, end: line.end };
    else if (open) {
      yield open;
      open = undefined;
    }
  }
  if (open) yield open;
}

function* markdown(lines: readonly Line[]): Generator<Block> {
  let open: Block | undefined;
  let fence: string | undefined;
  for (const line of lines) {
    const mark = FENCE.exec(line.text)?.[1];
    if (fence !== undefined) {
      open = { start: open?.start ?? line.start, end: Math.max(line.end, open?.end ?? 0) };
      const closes = mark !== undefined && mark.startsWith(fence) && line.text.trim() === mark;
      if (!closes) continue;
      fence = undefined;
      yield open;
      open = undefined;
      continue;
    }
    const level = HEADING.exec(line.text)?.[1]?.length;
    const begins = mark !== undefined || level !== undefined || !isFilled(line) || OF_ITS_OWN.test(line.text);
    if (begins && open) {
      yield open;
      open = undefined;
    }
    if (level !== undefined) yield { start: line.start, end: line.end, level };
    else if (isFilled(line)) open = { start: open?.start ?? line.start, end: line.end };
    fence = mark;
  }
  if (open) yield open;
}

function trimmed(text: string, blocks: Iterable<Block>): readonly Block[] {
  return [...blocks].flatMap((block) => {
    const part = text.slice(block.start, block.end);
    const start = block.start + (part.length - part.trimStart().length);
    const end = block.start + part.trimEnd().length;
    return end > start ? [{ ...block, start, end }] : [];
  });
}
