import type { Message } from '../../src/conversation/message.js';
import type { NewSummary } from '../../src/conversation/summary.repository.js';
import { newId } from '../../src/platform/clock/id.js';
import type { Principal } from '../../src/platform/http/principal.js';
import { startConversationRoom, type ConversationRoom } from '../support/conversation-room.js';

describe('the summaries of a conversation', () => {
  let room: ConversationRoom;
  let caller: Principal;

  beforeAll(async () => {
    room = await startConversationRoom('summary');
    caller = await room.newcomer();
  });
  afterAll(() => room.close());

  const threadOf = (conversationId: string) => ({ workspaceId: caller.workspaceId, conversationId });
  const append = (conversationId: string, content: string, parentId?: string) =>
    room.messages.append({
      ...threadOf(conversationId),
      role: 'user',
      content,
      ...(parentId !== undefined && { parentId }),
    });

  async function spoken(count: number) {
    const { id } = await room.conversations.create(caller, {});
    const messages: Message[] = [];
    for (let index = 0; index < count; index += 1) messages.push(await append(id, `Message ${index}.`));
    return { id, messages, ids: messages.map((message) => message.id) };
  }

  const keep = (id: string, messageIds: readonly string[], more: Partial<NewSummary> = {}) =>
    room.summaries.keep(threadOf(id), { text: `Up to ${messageIds.length}.`, tokens: 3, messageIds, ...more });
  const untold = async (id: string, leaf: string, keeping = 0, limit = 100) => {
    const { summary, messages, total } = await room.summaries.untold(threadOf(id), leaf, { keep: keeping, limit });
    return { summary: summary?.text, messages: messages.map(({ content }) => content), total };
  };
  const shown = async (id: string) => {
    const { summary, summarisedUpTo } = await room.conversations.open(caller, id);
    return { summary, summarisedUpTo };
  };
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `Message ${from + index}.`);

  it('leave what no summary tells: the oldest first, without the last ones and the question itself', async () => {
    const { id, ids } = await spoken(8);
    expect(await untold(id, ids[7]!, 2, 3)).toEqual({ summary: undefined, messages: numbers(0, 3), total: 5 });
    await keep(id, ids.slice(0, 3));
    expect(await untold(id, ids[7]!, 2)).toEqual({ summary: 'Up to 3.', messages: numbers(3, 5), total: 2 });
    await keep(id, ids.slice(3, 5), { base: ids[2]!, text: 'Up to 5.' });
    expect(await untold(id, ids[7]!, 2)).toEqual({ summary: 'Up to 5.', messages: [], total: 0 });
    expect(await shown(id)).toEqual({ summary: 'Up to 5.', summarisedUpTo: ids[4] });
  });

  it('hold for the branches that their last message is on, and for no other', async () => {
    const { id, ids } = await spoken(6);
    await keep(id, ids.slice(0, 2));
    await keep(id, ids.slice(2, 5), { base: ids[1]!, text: 'With three and four.' });
    const sibling = await append(id, 'Another three.', ids[2]);
    const leaf = await append(id, 'And on.');
    expect(await untold(id, leaf.id)).toEqual({
      summary: 'Up to 2.',
      messages: ['Message 2.', 'Another three.'],
      total: 2,
    });
    expect(await shown(id)).toEqual({ summary: 'Up to 2.', summarisedUpTo: ids[1] });

    await append(id, 'From the root.', ids[0]);
    expect(await shown(id)).toEqual({ summary: undefined, summarisedUpTo: undefined });
    await append(id, 'After four again.', ids[4]);
    expect(await shown(id)).toEqual({ summary: 'With three and four.', summarisedUpTo: ids[4] });
    await append(id, 'After the sibling.', sibling.id);
    expect(await shown(id)).toEqual({ summary: 'Up to 2.', summarisedUpTo: ids[1] });
  });

  it('stand with the history that a turn reads', async () => {
    const { id, ids } = await spoken(5);
    await keep(id, ids.slice(0, 3));
    const history = await room.messages.history({ ...threadOf(id), upTo: ids[4]!, limit: 4 });
    expect(history.map(({ summary }) => summary)).toEqual([undefined, 'Up to 3.', undefined, undefined]);
  });

  it('are not stored when a message that they tell, or one before, is deleted meanwhile', async () => {
    const { id, ids } = await spoken(6);
    await keep(id, ids.slice(0, 2));
    await room.messages.delete(caller, id, ids[3]!);
    expect(await keep(id, ids.slice(2, 5), { base: ids[1]! })).toBe('stale');
    await room.messages.delete(caller, id, ids[0]!);
    expect(await keep(id, [ids[2]!, ids[4]!], { base: ids[1]! })).toBe('stale');
    expect(await keep(id, [ids[1]!, ids[2]!, ids[4]!])).toBe('kept');
  });

  it('are not stored over a deletion that runs at the same time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { id, ids } = await spoken(4);
      await Promise.all([keep(id, ids.slice(0, 3)), room.messages.delete(caller, id, ids[1]!)]);
      const rows = await room.database.query('SELECT FROM conversation_summary WHERE conversation_id = $1', [id]);
      expect(rows).toEqual([]);
    }
  });

  it('are not stored for a foreign, deleted or missing conversation', async () => {
    const { id, ids } = await spoken(3);
    const foreign = { workspaceId: (await room.newcomer()).workspaceId, conversationId: id };
    const made = { text: 'Sum.', tokens: 1, messageIds: ids };
    expect(await room.summaries.keep(foreign, made)).toBe('stale');
    expect(await room.summaries.untold(foreign, ids[2]!, { keep: 0, limit: 9 })).toMatchObject({ messages: [] });
    await room.conversations.delete(caller, id);
    expect(await room.summaries.keep(threadOf(id), made)).toBe('stale');
    expect(await room.summaries.keep(threadOf(newId()), made)).toBe('stale');
  });

  it('are stored only under the claim of the run that made them', async () => {
    const { id, ids } = await spoken(3);
    const runId = newId();
    await room.database.query(
      `INSERT INTO run (id, workspace_id, user_id, kind, status, workflow, definition_hash, conversation_id, input, fence)
       VALUES ($1, $2, $3, 'chat', 'running', '{}', 'h', $4, '{}', 7)`,
      [runId, caller.workspaceId, caller.userId, id],
    );
    expect(await keep(id, ids.slice(0, 1), { claim: { runId, fence: 6 } })).toBe('unclaimed');
    expect(await shown(id)).toEqual({ summary: undefined, summarisedUpTo: undefined });
    expect(await keep(id, ids.slice(0, 1), { claim: { runId, fence: 7 } })).toBe('kept');
    await room.database.query(`UPDATE run SET status = 'succeeded' WHERE id = $1`, [runId]);
    expect(await keep(id, ids.slice(0, 2), { claim: { runId, fence: 7 } })).toBe('unclaimed');
  });

  it('are kept up to twenty, the newest', async () => {
    const { id, ids } = await spoken(26);
    for (let count = 1; count <= 25; count += 1) await keep(id, ids.slice(0, count));
    const rows = await room.database.query<{ content: string }>(
      'SELECT content FROM conversation_summary WHERE conversation_id = $1 ORDER BY sequence',
      [id],
    );
    expect(rows.map(({ content }) => content)).toEqual(Array.from({ length: 20 }, (_, index) => `Up to ${index + 6}.`));
  });

  it('go with their conversation', async () => {
    const { id, ids } = await spoken(3);
    await keep(id, ids);
    await room.conversations.purge(caller, id);
    const rows = await room.database.query('SELECT FROM conversation_summary WHERE conversation_id = $1', [id]);
    expect(rows).toEqual([]);
  });
});
