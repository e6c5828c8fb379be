import type { Block } from './blocks.js';

/** Where a long part is best cut: behind a sentence, else a line, else a word. */
const CUTS = [/[.!?…]["')\]]?\s/g, /\n/g, /\s/g];

/** A block in pieces of at most `max` characters, no blank at either end; no character is cut in two. */
export function piecesOf(text: string, block: Block, max: number): readonly Block[] {
  const pieces: Block[] = [];
  let { start } = block;
  while (block.end - start > max) {
    const cut = start + cutOf(text.slice(start, start + max), max);
    const end = start + text.slice(start, cut).trimEnd().length;
    if (end > start) pieces.push({ ...block, start, end });
    start = cut + (text.slice(cut, block.end).length - text.slice(cut, block.end).trimStart().length);
  }
  if (block.end > start) pieces.push({ ...block, start });
  return pieces;
}

function cutOf(window: string, max: number): number {
  for (const cut of CUTS) {
    const last = [...window.matchAll(cut)].at(-1);
    if (last && last.index + last[0].length >= max / 2) return last.index + last[0].length;
  }
  return isHighSurrogate(window.charCodeAt(max - 1)) ? max - 1 : max;
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
