import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { isId } from '../clock/id.js';
import { validationFailed } from '../problem/http.errors.js';
import { QueryInt, Text } from './fields.js';

/** A page of a list: `nextCursor` is null on the last one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** The query of every list. */
export class PageQuery {
  @QueryInt({ description: 'Most items of the page.', min: 1, max: 100, default: 20, optional: true })
  readonly limit: number = 20;

  @Text({ description: 'nextCursor of the page before.', max: 512, optional: true })
  readonly cursor?: string;
}

/** The documented class of a page of `item`. */
export function pageOf<Item>(item: Type<Item>): Type<Page<Item>> {
  class PageDto implements Page<Item> {
    @ApiProperty({ type: item, isArray: true, description: 'The items of the page.' })
    readonly items!: readonly Item[];

    @ApiProperty({
      type: String,
      nullable: true,
      description: 'Send it as cursor for the next page; null on the last one.',
      example: null,
    })
    readonly nextCursor!: string | null;
  }
  Object.defineProperty(PageDto, 'name', { value: `${item.name.replace(/Dto$/, '')}PageDto` });
  return PageDto;
}

/** An opaque, URL-safe cursor over the sort key of the last item. */
export const encodeCursor = (key: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

/** Of PostgreSQL's `integer`. */
const MAX_INTEGER = 2_147_483_647;

const PART = {
  id: isId,
  time: (part: unknown) => typeof part === 'string' && isTime(part),
  integer: (part: unknown) => Number.isInteger(part) && Math.abs(part as number) <= MAX_INTEGER,
  text: (part: unknown) => typeof part === 'string' && part.isWellFormed() && !part.includes('\0'),
} as const;

/** As `toISOString` writes it, in a year that PostgreSQL reads: `Date.parse` alone also takes the 31st of February. */
const isTime = (text: string): boolean =>
  /^(?!0000)\d{4}-/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text;

/**
 * The sort key inside a cursor of ours, as text for a statement's parameters.
 * @throws Problem validation-failed for anything else
 */
export function decodeCursor(cursor: string, parts: readonly (keyof typeof PART)[]): readonly string[] {
  const key = parsed(cursor);
  if (Array.isArray(key) && key.length === parts.length && parts.every((part, index) => PART[part](key[index]))) {
    return key.map(String);
  }
  throw validationFailed([{ pointer: '/cursor', detail: 'is not a cursor of this list' }]);
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Cuts `rows` (fetched with limit + 1) to a page whose cursor is the key of its last item. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly (string | number)[],
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}
