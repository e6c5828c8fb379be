import type { ParsedText } from '../parse/parsed-text.js';
import { blocksOf, type Block } from './blocks.js';
import { piecesOf } from './pieces.js';

export interface Chunk {
  /** `text.slice(start, end)` is the chunk. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The headings it stands under, outermost first, as "A > B"; of a table the row of its column names. May be empty. */
  readonly heading: string;
}

export interface ChunkSizes {
  /** Longest chunk, in characters. */
  readonly max: number;
  /** A heading begins a chunk unless the one before it is shorter than this. */
  readonly min: number;
  /** Longest end of a chunk that the next begins with. */
  readonly overlap: number;
}

export const CHUNK_SIZES: ChunkSizes = { max: 1_200, min: 200, overlap: 150 };

const MAX_HEADING = 300;

/** Cuts a text along its structure into chunks in their order; every character but blanks is in at least one. */
export function chunksOf({ text, form }: ParsedText, sizes: ChunkSizes = CHUNK_SIZES): readonly Chunk[] {
  const blocks = blocksOf(text, form).flatMap((block) => piecesOf(text, block, sizes.max));
  const titles: (string | undefined)[] = form === 'rows' ? [columnNames(text)] : [];
  const chunks: Chunk[] = [];
  let open: Block[] = [];
  let heading = headingOf(titles);

  const close = (): void => {
    const [first, last] = [open[0], open.at(-1)];
    if (!first || !last) return;
    const { start } = first;
    chunks.push({ start, end: last.end, text: text.slice(start, last.end), heading });
  };

  for (const block of blocks) {
    const first = open[0];
    const isFull = first !== undefined && block.end - first.start > sizes.max;
    const isNewSection = block.level !== undefined && first !== undefined && block.start - first.start >= sizes.min;
    if (isFull || isNewSection) {
      close();
      open = isFull && block.level === undefined ? overlapOf(open, block, sizes) : [];
    }
    const isUntold = open.every(({ level }) => level !== undefined);
    if (isUntold) heading = headingOf(titles);
    if (block.level !== undefined) {
      titles.length = Math.min(titles.length, block.level - 1);
      titles[block.level - 1] = text.slice(block.start, block.end).replace(/^#+\s*/, '');
      if (isUntold) heading = headingOf(titles);
    }
    open.push(block);
  }
  close();
  return chunks;
}

/** The last blocks that the next chunk begins with, so that what belongs together is found together. */
function overlapOf(open: readonly Block[], next: Block, { overlap, max }: ChunkSizes): Block[] {
  const end = open.at(-1)?.end ?? 0;
  const kept = open.slice(1).filter(({ start, level }) => level === undefined && end - start <= overlap);
  const [first] = kept;
  return first && next.end - first.start <= max ? kept : [];
}

const columnNames = (text: string): string => text.slice(0, MAX_HEADING).trimStart().split('\n')[0]?.trimEnd() ?? '';

const headingOf = (titles: readonly (string | undefined)[]): string =>
  titles
    .filter((title) => title !== undefined)
    .join(' > ')
    .slice(0, MAX_HEADING)
    .toWellFormed();
