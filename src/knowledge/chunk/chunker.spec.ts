import fc from 'fast-check';
import { chunksOf } from './chunker.js';

const SIZES = { max: 120, min: 20, overlap: 30 };
const textsOf = (text: string, form: 'markdown' | 'plain' | 'rows' = 'markdown', sizes = SIZES) =>
  chunksOf({ text, form }, sizes).map((chunk) => chunk.text);

const markdownText = fc
  .array(
    fc.oneof(
      fc.string({ maxLength: 300, unit: 'grapheme' }),
      fc.constantFrom('# A', '## B', '```', '| a | b |', '- item', '', '\n', 'x'.repeat(500), '😀'.repeat(200)),
    ),
    { maxLength: 30 },
  )
  .map((lines) => lines.join('\n').toWellFormed());

describe('chunks', () => {
  it('are slices of the text at their offsets, in order, within the size, and leave out nothing but blanks', () => {
    fc.assert(
      fc.property(
        markdownText,
        fc.constantFrom('markdown' as const, 'plain' as const, 'rows' as const),
        (text, form) => {
          const chunks = chunksOf({ text, form }, SIZES);
          let covered = 0;
          for (const [index, { start, end, text: part }] of chunks.entries()) {
            expect(part).toBe(text.slice(start, end));
            expect(part.trim()).not.toBe('');
            expect(part.isWellFormed()).toBe(true);
            expect(end - start).toBeLessThanOrEqual(SIZES.max);
            expect(start).toBeGreaterThan(index === 0 ? -1 : chunks[index - 1]!.start);
            expect(text.slice(covered, Math.max(covered, start)).trim()).toBe('');
            covered = end;
          }
          expect(text.slice(covered).trim()).toBe('');
        },
      ),
    );
  });

  it('begin at headings, and know those they stand under', () => {
    const text =
      '# House\n\nIntroduction to all of the rooms.\n\n## Kitchen\n\nHere we cook soup.\n\n## Bath\n\nHere we wash.';
    expect(chunksOf({ text, form: 'markdown' }, { ...SIZES, min: 5 })).toMatchObject([
      { heading: 'House', text: expect.stringContaining('Introduction') },
      { heading: 'House > Kitchen', text: '## Kitchen\n\nHere we cook soup.' },
      { heading: 'House > Bath', text: '## Bath\n\nHere we wash.' },
    ]);
  });

  it('join short sections', () => {
    expect(textsOf('# A\n\none\n\n# B\n\ntwo')).toEqual(['# A\n\none\n\n# B\n\ntwo']);
  });

  it('keep a fence together, whatever looks like a heading in it', () => {
    const fence = '```sh\n# no heading\n\nls\n```';
    const text = `${'word '.repeat(20)}\n\n${fence}`;
    expect(textsOf(text).at(-1)).toBe(fence);
  });

  it('keep rows whole, and know the names of their columns', () => {
    const text = ['name,city', ...Array.from({ length: 20 }, (_, n) => `person ${n},city ${n}`)].join('\n');
    const chunks = chunksOf({ text, form: 'rows' }, SIZES);
    expect(chunks.length).toBeGreaterThan(2);
    for (const chunk of chunks) {
      expect(chunk.heading).toBe('name,city');
      for (const row of chunk.text.split('\n')) expect(row).toMatch(/^(?:name,city|person \d+,city \d+)$/);
    }
  });

  it('begin with the end of the one before, where that is short', () => {
    const text =
      'First paragraph of some length, with an end.\n\nA short end.\n\n' + 'Second part of words. '.repeat(4).trim();
    const [first, second] = textsOf(text, 'plain', { ...SIZES, max: 110 });
    expect(first).toMatch(/A short end\.$/);
    expect(second).toMatch(/^A short end\./);
  });

  it('are cut at sentences where a paragraph is too long', () => {
    const chunks = textsOf('This is a sentence of the paragraph. '.repeat(12), 'plain');
    expect(chunks.length).toBeGreaterThan(3);
    for (const chunk of chunks) expect(chunk).toMatch(/^This.*\.$/s);
  });
});
