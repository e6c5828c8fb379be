import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { decodeCursor, toPage, type Page } from '../platform/http/page.js';
import { validationFailed } from '../platform/problem/http.errors.js';
import { toConversation, type Conversation } from './conversation.js';
import { CONVERSATION_COLUMNS, type ConversationEntity } from './conversation.entity.js';

export interface ConversationFilter {
  /** Words, "quoted phrases", `or` and -excluded words, to be found in the title or in one message. */
  readonly query?: string;
  readonly status?: string;
  readonly tag?: string;
  /** One of {@link CONVERSATION_SORTS}. */
  readonly sort: string;
  readonly limit: number;
  readonly cursor?: string;
}

interface SortKey {
  readonly expression: string;
  readonly type: 'timestamptz' | 'text';
  readonly part: 'time' | 'text';
}

const time = (expression: string): SortKey => ({ expression, type: 'timestamptz', part: 'time' });

/** What lists are sorted by; ties are broken by id. A cursor holds the key, so that of a title is kept short. */
const SORT_KEYS: ReadonlyMap<string, SortKey> = new Map([
  ['updatedAt', time('c.updated_at')],
  ['createdAt', time('c.created_at')],
  ['lastMessageAt', time('coalesce(c.last_message_at, c.created_at)')],
  ['title', { expression: 'left(lower(c.title), 40)', type: 'text', part: 'text' }],
]);

/** A minus sorts downwards. */
export const CONVERSATION_SORTS = [...SORT_KEYS.keys()].flatMap((name) => [name, `-${name}`]);

type ListedRow = ConversationEntity & { readonly sortKey: Date | string };

/**
 * Pages by key, so that rows that appear meanwhile move nothing: a conversation is listed twice or missed only when its
 * own sort key changed between two pages.
 */
@Injectable()
export class ConversationListRepository {
  constructor(private readonly database: Database) {}

  /** @throws Problem validation-failed for a cursor of another list or sort */
  async page(workspaceId: string, filter: ConversationFilter): Promise<Page<Conversation>> {
    const { sort, limit } = filter;
    const { text, values } = listStatement(workspaceId, filter);
    const rows = await this.database.query<ListedRow>(text, values);
    return toPage(rows, limit, ({ sortKey, id }) => [sort, textOf(sortKey), id], toConversation);
  }
}

const textOf = (key: Date | string): string => (typeof key === 'string' ? key : key.toISOString());

/** One of finitely many texts, by which filters are present; data is only in the values. */
function listStatement(workspaceId: string, filter: ConversationFilter): { text: string; values: unknown[] } {
  const { query, status, tag, sort, limit, cursor } = filter;
  const key = SORT_KEYS.get(sort.replace('-', ''));
  if (!key) throw new Error(`Conversations are not sorted by ${sort}.`);
  const [after, direction] = sort.startsWith('-') ? ['<', 'DESC'] : ['>', 'ASC'];

  const values: unknown[] = [workspaceId];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ['c.workspace_id = $1::uuid', 'c.deleted_at IS NULL'];
  if (status !== undefined) conditions.push(`c.status = ${bind(status)}`);
  if (tag !== undefined) conditions.push(`c.tags @> ARRAY[${bind(tag)}::text] AND c.tags <> '{}'`);
  if (query !== undefined) conditions.push(found(bind(query)));
  if (cursor !== undefined) {
    const [value, id] = keyOf(cursor, sort, key);
    conditions.push(`(${key.expression}, c.id) ${after} (${bind(value)}::${key.type}, ${bind(id)}::uuid)`);
  }
  const text = `
    SELECT ${CONVERSATION_COLUMNS}, ${key.expression} AS "sortKey"
    FROM conversation c
    WHERE ${conditions.join(' AND ')}
    ORDER BY ${key.expression} ${direction}, c.id ${direction}
    LIMIT ${bind(limit + 1)}`;
  return { text, values };
}

/** The workspace's lexeme lets the index of messages narrow the search; a query without a single word finds nothing. */
function found(query: string): string {
  const words = `websearch_to_tsquery('simple', ${query})`;
  return `numnode(${words}) > 0 AND c.id IN (
      SELECT titled.id FROM conversation titled
      WHERE titled.workspace_id = $1::uuid AND titled.deleted_at IS NULL AND titled.search @@ ${words}
      UNION
      SELECT m.conversation_id FROM message m
      WHERE m.workspace_id = $1::uuid AND m.deleted_at IS NULL
        AND m.search @@ (('''workspace:' || $1::uuid::text || '''')::tsquery && ${words}))`;
}

function keyOf(cursor: string, sort: string, key: SortKey): readonly [string, string] {
  const [sortedBy, value = '', id = ''] = decodeCursor(cursor, ['text', key.part, 'id']);
  if (sortedBy !== sort)
    throw validationFailed([{ pointer: '/cursor', detail: `is a cursor of another order than ${sort}` }]);
  return [value, id];
}
