import fc from 'fast-check';
import { newId } from '../clock/id.js';
import { decodeCursor, encodeCursor, toPage } from './page.js';

const refusal = expect.objectContaining({
  status: 422,
  extensions: { errors: [{ pointer: '/cursor', detail: 'is not a cursor of this list' }] },
});
const PARTS = ['id', 'time', 'integer', 'text'] as const;
const INT_MAX = 2_147_483_647;

const key = fc.tuple(
  fc.uuid(),
  fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
  fc.integer({ min: -INT_MAX, max: INT_MAX }),
  fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
);

describe('a cursor', () => {
  it('gives back the key it was made of, as text, and is safe in a URL', () => {
    fc.assert(
      fc.property(key, ([id, date, integer, text]) => {
        const cursor = encodeCursor([id, date.toISOString(), integer, text]);
        expect(cursor).toMatch(/^[\w-]*$/);
        expect(decodeCursor(cursor, PARTS)).toEqual([id, date.toISOString(), String(integer), text]);
      }),
    );
  });

  it('is refused by a list whose keys have another shape', () => {
    fc.assert(
      fc.property(key, ([id, date, integer, text]) => {
        const cursor = encodeCursor([id, date.toISOString(), integer, text]);
        expect(() => decodeCursor(cursor, ['id'])).toThrow(refusal);
        expect(() => decodeCursor(cursor, ['time', 'id', 'integer', 'text'])).toThrow(refusal);
        expect(() => decodeCursor(cursor, [...PARTS, 'text'])).toThrow(refusal);
        expect(() => decodeCursor(cursor, [])).toThrow(refusal);
      }),
    );
  });

  it('is refused when it was not made here, never with another error', () => {
    const forged = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    );
    fc.assert(
      fc.property(forged, (cursor) => {
        expect(() => decodeCursor(cursor, ['id'])).toThrow(refusal);
      }),
    );
  });

  it.each<[string, (typeof PARTS)[number], unknown]>([
    ['an id that is none', 'id', 'x'],
    ['a number for an id', 'id', 7],
    ['a day that does not exist', 'time', '2026-02-31T00:00:00.000Z'],
    ['a year before the first', 'time', '0000-01-01T00:00:00.000Z'],
    ['a year of six digits', 'time', '+012026-01-01T00:00:00.000Z'],
    ['a time without its milliseconds', 'time', '2026-02-01T00:00:00Z'],
    ['a fraction', 'integer', 1.5],
    ['a number in text', 'integer', '1'],
    ['a number that no column of ours holds', 'integer', INT_MAX + 1],
    ['a negative number that no column of ours holds', 'integer', -INT_MAX - 2],
    ['text with a NUL', 'text', 'a\0'],
    ['text with a lone surrogate', 'text', '\ud800'],
    ['no text at all', 'text', null],
  ])('does not hold %s', (_, part, value) => {
    const cursor = Buffer.from(JSON.stringify([value])).toString('base64url');
    expect(() => decodeCursor(cursor, [part])).toThrow(refusal);
  });
});

describe('pages of a list', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: newId(), index }));

  it('hold at most the limit, in order, and lead to the next page while there is one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 20 }), (count, limit) => {
        const list = rows(count);
        const seen: number[] = [];
        let cursor: string | null = null;
        do {
          const after: string | undefined = cursor === null ? undefined : decodeCursor(cursor, ['id'])[0];
          const start: number = after === undefined ? 0 : list.findIndex(({ id }) => id === after) + 1;
          const page = toPage(
            list.slice(start, start + limit + 1),
            limit,
            ({ id }) => [id],
            ({ index }) => index,
          );
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(...page.items);
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(seen).toEqual(list.map(({ index }) => index));
      }),
    );
  });
});
