import type { Conversation } from '../../src/conversation/conversation.js';
import { CONVERSATION_SORTS, type ConversationFilter } from '../../src/conversation/conversation-list.repository.js';
import { newId } from '../../src/platform/clock/id.js';
import { encodeCursor } from '../../src/platform/http/page.js';
import type { Principal } from '../../src/platform/http/principal.js';
import { startConversationRoom, type ConversationRoom } from '../support/conversation-room.js';

const titles = (conversations: readonly Conversation[]) => conversations.map(({ title }) => title);

/** The status of each refusal; 200 for what was not refused. */
const statusesOf = async (acts: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(acts)).map((act) =>
    act.status === 'fulfilled' ? 200 : (act.reason as { status: number }).status,
  );

describe('conversations', () => {
  let room: ConversationRoom;
  let caller: Principal;

  beforeAll(async () => {
    room = await startConversationRoom('conversation');
  });
  beforeEach(async () => {
    caller = await room.newcomer();
  });
  afterAll(() => room.close());

  const list = (filter: Partial<ConversationFilter> = {}) =>
    room.conversations.list(caller, { sort: '-updatedAt', limit: 100, ...filter });

  /** Every page of a list; `between` happens after each page. */
  async function everything(
    filter: Partial<ConversationFilter>,
    between: () => Promise<unknown> = async () => undefined,
  ) {
    const found: Conversation[] = [];
    let cursor: string | undefined;
    do {
      const page = await list({ limit: 3, ...filter, cursor });
      found.push(...page.items);
      cursor = page.nextCursor ?? undefined;
      await between();
    } while (cursor !== undefined && found.length < 500);
    return found;
  }

  const say = (conversationId: string, content: string, by = caller) => room.messages.say(by, conversationId, content);

  describe('creating', () => {
    it('starts active, empty and named by default', async () => {
      const created: unknown = JSON.parse(JSON.stringify(await room.conversations.create(caller, {})));
      expect(created).toEqual({
        id: expect.any(String) as string,
        title: 'New conversation',
        status: 'active',
        tags: [],
        metadata: {},
        messageCount: 0,
        createdAt: expect.stringMatching(/\.\d{3}Z$/) as string,
        updatedAt: (created as Conversation).createdAt,
      });
    });

    it('keeps all that is given', async () => {
      const given = {
        id: newId(),
        title: 'Plans',
        systemMessage: 'Be brief.',
        model: 'openai:gpt-4o-mini',
        workflow: 'rag',
        tags: ['a', 'b "c", {d}'],
        metadata: { nested: { list: [1, null, 'x'] }, toString: 'kept' },
      };
      const created = await room.conversations.create(caller, given);
      expect(created).toMatchObject(given);
      expect(await room.conversations.open(caller, given.id)).toEqual(created);
    });

    it('takes its title from the first message unless it has one', async () => {
      expect((await room.conversations.create(caller, { firstMessage: 'How do I\nreset it?' })).title).toBe(
        'How do I reset it?',
      );
      expect((await room.conversations.create(caller, { firstMessage: 'Hello', title: 'Mine' })).title).toBe('Mine');
    });
  });

  describe('changing', () => {
    it('changes what is given, keeps what is absent and clears what is null', async () => {
      const { id } = await room.conversations.create(caller, {
        title: 'A',
        systemMessage: 'S',
        model: 'm',
        workflow: 'w',
        tags: ['t'],
        metadata: { a: 1 },
      });

      const renamed = await room.conversations.update(caller, id, { title: 'B', status: 'archived' });
      expect(renamed.conversation).toMatchObject({
        title: 'B',
        status: 'archived',
        systemMessage: 'S',
        model: 'm',
        workflow: 'w',
        tags: ['t'],
        metadata: { a: 1 },
      });
      expect(renamed.version).toBe(2);

      const { conversation } = await room.conversations.update(caller, id, {
        systemMessage: null,
        model: null,
        workflow: null,
        tags: null,
        metadata: null,
      });
      expect(JSON.parse(JSON.stringify(conversation))).toEqual({
        id,
        title: 'B',
        status: 'archived',
        tags: [],
        metadata: {},
        messageCount: 0,
        createdAt: renamed.conversation.createdAt,
        updatedAt: conversation.updatedAt,
      });
      expect(await room.conversations.open(caller, id)).toEqual(conversation);
    });

    it('is refused when another change came first', async () => {
      const { id } = await room.conversations.create(caller, {});
      await room.conversations.update(caller, id, { title: 'First' }, [1]);
      await expect(room.conversations.update(caller, id, { title: 'Stale' }, [1])).rejects.toMatchObject({
        status: 412,
        headers: { ETag: '"2"' },
      });
      await expect(room.conversations.update(caller, id, { title: 'No version at all' }, [])).rejects.toMatchObject({
        status: 412,
      });
      expect(await room.conversations.update(caller, id, { title: 'Any' })).toMatchObject({ version: 3 });
    });

    it('lets one of parallel changes of the same version through', async () => {
      const { id } = await room.conversations.create(caller, {});
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) =>
          room.conversations.update(caller, id, { title: `Title ${index}` }, [1]),
        ),
      );
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(
        tries
          .filter((result) => result.status === 'rejected')
          .every(({ reason }) => (reason as { status: number }).status === 412),
      ).toBe(true);
      expect(await room.conversations.read(caller, id)).toMatchObject({ version: 2 });
    });

    it('does not collide with messages', async () => {
      const { id } = await room.conversations.create(caller, {});
      await say(id, 'Hello');
      expect(await room.conversations.update(caller, id, { title: 'B' }, [1])).toMatchObject({ version: 2 });
    });
  });

  describe('deleting', () => {
    it('hides the conversation everywhere', async () => {
      const { id } = await room.conversations.create(caller, { title: 'Secret' });
      const { id: messageId } = await say(id, 'unmistakable');
      await room.conversations.delete(caller, id);

      expect(await room.conversations.get(caller.workspaceId, id)).toBeUndefined();
      expect(await room.messages.get(caller.workspaceId, id, messageId)).toBeUndefined();
      expect((await list()).items).toEqual([]);
      expect((await list({ query: 'unmistakable' })).items).toEqual([]);
      const refused = [
        room.conversations.open(caller, id),
        room.conversations.update(caller, id, {}),
        room.conversations.delete(caller, id),
        room.messages.list(caller, id, { limit: 5 }),
        room.messages.rate(caller, id, messageId, 1),
        room.messages.delete(caller, id, messageId),
        say(id, 'Late'),
        room.forks.fork(caller, id, {}),
      ];
      expect(await statusesOf(refused)).toEqual(refused.map(() => 404));
    });

    it('is refused when the conversation changed since', async () => {
      const { id } = await room.conversations.create(caller, {});
      await room.conversations.update(caller, id, { title: 'B' });
      await expect(room.conversations.delete(caller, id, [1])).rejects.toMatchObject({ status: 412 });
      await expect(room.conversations.purge(caller, id, [1])).rejects.toMatchObject({ status: 412 });
      await room.conversations.delete(caller, id, [2]);
    });

    it('for good removes every row and tells the other rooms', async () => {
      const { id } = await room.conversations.create(caller, {});
      const kept = await room.conversations.create(caller, {});
      await say(id, 'Hello');
      await room.conversations.purge(caller, id);

      const rows = await room.database.query<{ n: number }>(
        `SELECT (SELECT count(*)::int FROM conversation WHERE id = $1) + (SELECT count(*)::int FROM message WHERE conversation_id = $1) AS n`,
        [id],
      );
      expect(rows).toEqual([{ n: 0 }]);
      expect(room.listener.purged).toContainEqual({ workspaceId: caller.workspaceId, conversationId: id });
      expect((await list()).items.map((item) => item.id)).toEqual([kept.id]);
      await expect(room.conversations.purge(caller, id)).rejects.toMatchObject({ status: 404 });
    });

    it('for good is possible after it was deleted', async () => {
      const { id } = await room.conversations.create(caller, {});
      await room.conversations.delete(caller, id);
      await room.conversations.purge(caller, id);
      expect(await room.database.query('SELECT id FROM conversation WHERE id = $1', [id])).toEqual([]);
    });

    it('for good can be repeated when another room failed to remove its part', async () => {
      const { id } = await room.conversations.create(caller, {});
      room.listener.refuses = true;
      await expect(room.conversations.purge(caller, id)).rejects.toThrow('refused');
      room.listener.refuses = false;
      await room.conversations.purge(caller, id);
      expect(await room.database.query('SELECT id FROM conversation WHERE id = $1', [id])).toEqual([]);
    });
  });

  describe('listing', () => {
    it('shows the conversation that changed last first', async () => {
      const [a, b] = [
        await room.conversations.create(caller, { title: 'A' }),
        await room.conversations.create(caller, { title: 'B' }),
      ];
      expect(titles((await list()).items)).toEqual(['B', 'A']);
      await say(a.id, 'Hello');
      expect(titles((await list()).items)).toEqual(['A', 'B']);
      await room.conversations.update(caller, b.id, { title: 'B2' });
      expect(titles((await list()).items)).toEqual(['B2', 'A']);
    });

    it('filters by status and tag', async () => {
      await room.conversations.create(caller, { title: 'A', tags: ['x', 'y'] });
      const b = await room.conversations.create(caller, { title: 'B', tags: ['y'] });
      await room.conversations.create(caller, { title: 'C' });
      await room.conversations.update(caller, b.id, { status: 'archived' });
      expect(titles((await list({ tag: 'y', sort: 'title' })).items)).toEqual(['A', 'B']);
      expect(titles((await list({ tag: 'y', status: 'archived' })).items)).toEqual(['B']);
      expect(titles((await list({ status: 'active', sort: '-title' })).items)).toEqual(['C', 'A']);
      expect((await list({ tag: 'z' })).items).toEqual([]);
    });

    it.each(CONVERSATION_SORTS)('sorted by %s shows each of many exactly once, ties included', async (sort) => {
      for (let index = 0; index < 11; index++) {
        const { id } = await room.conversations.create(caller, {
          title: ['Same', 'same', 'Other', '"; \\ %', '東京'][index % 5],
        });
        if (index % 2 === 0) await say(id, 'Hello');
      }
      await room.database.query(
        `UPDATE conversation SET updated_at = date_trunc('second', updated_at), created_at = date_trunc('second', created_at),
           last_message_at = date_trunc('second', last_message_at) WHERE workspace_id = $1`,
        [caller.workspaceId],
      );
      const paged = await everything({ sort });
      expect(new Set(paged.map(({ id }) => id)).size).toBe(11);
      expect(paged).toEqual((await list({ sort })).items);
      const opposite = sort.startsWith('-') ? sort.slice(1) : `-${sort}`;
      expect([...paged].reverse()).toEqual((await list({ sort: opposite })).items);
    });

    it('neither repeats nor misses any while others are created', async () => {
      const before: string[] = [];
      for (let index = 0; index < 10; index++)
        before.push((await room.conversations.create(caller, { title: `Old ${index}` })).id);
      const paged = await everything({ sort: '-updatedAt' }, () =>
        Promise.all([1, 2, 3].map((n) => room.conversations.create(caller, { title: `New ${n}` }))),
      );
      expect(paged.map(({ id }) => id)).toEqual([...before].reverse());
    });

    it('orders titles without case', async () => {
      for (const title of ['banana', 'Apple', 'cherry']) await room.conversations.create(caller, { title });
      expect(titles((await list({ sort: 'title' })).items)).toEqual(['Apple', 'banana', 'cherry']);
    });

    it('makes cursors that may be sent back, whatever the title', async () => {
      for (const title of ['\u0001'.repeat(200), '𐐀'.repeat(100), '"'.repeat(200)])
        await room.conversations.create(caller, { title });
      for (const sort of ['title', '-title']) {
        const { nextCursor } = await list({ sort, limit: 1 });
        expect(nextCursor!.length).toBeLessThanOrEqual(512);
        expect(await everything({ sort, limit: 1 })).toHaveLength(3);
      }
    });

    it.each([
      ['is none', 'nonsense'],
      ['is of another order', encodeCursor(['title', 'a', newId()])],
      ['has no such time', encodeCursor(['-updatedAt', '2026-02-31T00:00:00.000Z', newId()])],
      ['has a year that is none', encodeCursor(['-updatedAt', '0000-01-01T00:00:00.000Z', newId()])],
      ['has no id', encodeCursor(['-updatedAt', '2026-02-01T00:00:00.000Z', 'x'])],
    ])('refuses a cursor that %s', async (_, cursor) => {
      await expect(list({ cursor })).rejects.toMatchObject({
        status: 422,
        extensions: { errors: [{ pointer: '/cursor' }] },
      });
    });

    it('refuses a cursor with text that PostgreSQL does not take', async () => {
      await expect(list({ sort: 'title', cursor: encodeCursor(['title', '\0', newId()]) })).rejects.toMatchObject({
        status: 422,
      });
    });
  });

  describe('searching', () => {
    it('finds words in titles and messages, of any branch', async () => {
      const a = await room.conversations.create(caller, { title: 'Launch plan' });
      const b = await room.conversations.create(caller, { title: 'Other' });
      const question = await say(b.id, 'What about the launch date?');
      await say(b.id, 'Berlin');
      await room.messages.append({
        ...a,
        workspaceId: caller.workspaceId,
        conversationId: b.id,
        id: newId(),
        parentId: question.id,
        role: 'assistant',
        content: 'Paris',
      });
      expect(titles((await list({ query: 'LAUNCH', sort: 'title' })).items)).toEqual(['Launch plan', 'Other']);
      expect(titles((await list({ query: 'launch plan' })).items)).toEqual(['Launch plan']);
      expect(titles((await list({ query: 'berlin' })).items)).toEqual(['Other']);
      expect(titles((await list({ query: '"launch date"' })).items)).toEqual(['Other']);
      expect(titles((await list({ query: '"date launch"' })).items)).toEqual([]);
      expect(titles((await list({ query: 'plan or paris', sort: 'title' })).items)).toEqual(['Launch plan', 'Other']);
      expect(titles((await list({ query: 'launch -plan' })).items)).toEqual(['Other']);
    });

    it('pages and filters like any list', async () => {
      for (let index = 0; index < 7; index++) {
        const { id } = await room.conversations.create(caller, {
          title: `Room ${index}`,
          tags: index < 5 ? ['t'] : [],
        });
        await say(id, 'a needle here');
      }
      expect(titles(await everything({ query: 'needle', tag: 't', sort: 'title' }))).toEqual([
        'Room 0',
        'Room 1',
        'Room 2',
        'Room 3',
        'Room 4',
      ]);
    });

    it('follows a changed title', async () => {
      const { id } = await room.conversations.create(caller, { title: 'Before' });
      await room.conversations.update(caller, id, { title: 'After' });
      expect((await list({ query: 'before' })).items).toEqual([]);
      expect((await list({ query: 'after' })).items).toHaveLength(1);
    });

    it.each(['!!', '"', '(', "'", '&', ':*', '-', '\\', 'a & | !', `workspace`])('takes %p as text', async (query) => {
      await room.conversations.create(caller, { title: 'Anything' });
      expect((await list({ query })).items).toEqual([]);
    });

    it('finds nothing of another workspace', async () => {
      const stranger = await room.newcomer();
      const theirs = await room.conversations.create(stranger, { title: 'sharedword' });
      await say(theirs.id, 'sharedword', stranger);
      expect((await list({ query: 'sharedword' })).items).toEqual([]);
      expect((await list({ query: `workspace:${stranger.workspaceId}` })).items).toEqual([]);
    });
  });

  it('are seen and changed only within their workspace', async () => {
    const stranger = await room.newcomer();
    const theirs = await room.conversations.create(stranger, { title: 'Theirs', tags: ['t'] });
    expect((await list()).items).toEqual([]);
    expect((await list({ tag: 't' })).items).toEqual([]);
    expect(await room.conversations.get(caller.workspaceId, theirs.id)).toBeUndefined();
    const refused = [
      room.conversations.open(caller, theirs.id),
      room.conversations.update(caller, theirs.id, { title: 'Mine' }),
      room.conversations.delete(caller, theirs.id),
      room.conversations.purge(caller, theirs.id),
    ];
    expect(await statusesOf(refused)).toEqual(refused.map(() => 404));
    expect(await room.conversations.open(stranger, theirs.id)).toEqual(theirs);
  });
});
