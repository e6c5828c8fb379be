import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../src/conversation/message.js';
import { newId } from '../../src/platform/clock/id.js';
import type { Principal } from '../../src/platform/http/principal.js';
import { startConversationRoom, type ConversationRoom } from '../support/conversation-room.js';

const contents = (messages: readonly Message[]) => messages.map(({ content }) => content);

describe('messages', () => {
  let room: ConversationRoom;
  let caller: Principal;

  beforeAll(async () => {
    room = await startConversationRoom('message');
    caller = await room.newcomer();
  });
  afterAll(() => room.close());

  /** A conversation with these messages, one after the other, users and assistants in turn. */
  async function spoken(...texts: string[]) {
    const { id } = await room.conversations.create(caller, {});
    const messages: Message[] = [];
    for (const [index, content] of texts.entries()) {
      messages.push(await append(id, content, { role: index % 2 === 0 ? 'user' : 'assistant' }));
    }
    return { id, messages };
  }

  const append = (
    conversationId: string,
    content: string,
    more: Partial<Parameters<ConversationRoom['messages']['append']>[0]> = {},
  ) => room.messages.append({ workspaceId: caller.workspaceId, conversationId, role: 'user', content, ...more });

  const list = async (id: string, filter: { branch?: string; cursor?: string; limit?: number } = {}) =>
    room.messages.list(caller, id, { limit: 100, ...filter });

  const history = (conversationId: string, upTo: string, limit: number) =>
    room.messages.history({ workspaceId: caller.workspaceId, conversationId, upTo, limit });

  /** Puts a summary up to a message, as that of the active branch. */
  const summarised = (conversationId: string, messageId: string, text: string) =>
    room.summaries.keep(
      { workspaceId: caller.workspaceId, conversationId },
      { text, tokens: 1, messageIds: [messageId] },
    );

  describe('appending', () => {
    it('numbers 200 concurrent messages 1 to 200 and chains each to the one before', async () => {
      const { id } = await room.conversations.create(caller, {});

      await Promise.all(Array.from({ length: 200 }, (_, index) => append(id, `Message ${index}`)));

      const first = await list(id);
      const second = await list(id, { cursor: first.nextCursor ?? '' });
      const items = [...first.items, ...second.items];
      expect(items.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
      expect(items.map(({ parentId }) => parentId)).toEqual([null, ...items.slice(0, -1).map((message) => message.id)]);
      expect([...items].sort((a, b) => a.createdAt.localeCompare(b.createdAt))).toEqual(items);
      expect(new Set(contents(items)).size).toBe(200);
      expect(await room.conversations.open(caller, id)).toMatchObject({
        messageCount: 200,
        lastMessageAt: items.at(-1)?.createdAt,
        updatedAt: items.at(-1)?.createdAt,
      });
    });

    it('keeps everything a run tells of its answer', async () => {
      const { id } = await room.conversations.create(caller, {});
      const answer = {
        id: newId(),
        runId: newId(),
        model: 'openai:gpt-4o-mini',
        usage: { inputTokens: 12, outputTokens: 3, totalTokens: 15 },
        cost: 0.00042,
        finishReason: 'stop',
        citations: [{ index: 1, documentId: newId() }],
        toolCalls: [{ name: 'calculator', arguments: { expression: '1+1' } }],
        durationMs: 1240,
      };

      const appended = await append(id, 'Two.', { role: 'assistant', ...answer });

      expect(appended).toEqual({
        ...answer,
        conversationId: id,
        parentId: null,
        role: 'assistant',
        content: 'Two.',
        sequence: 1,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      });
      expect(await room.messages.get(caller.workspaceId, id, answer.id)).toEqual(appended);
    });

    it('leaves out what is unset, an unknown cost too', async () => {
      const { id } = await room.conversations.create(caller, {});
      const appended: unknown = JSON.parse(JSON.stringify(await append(id, 'Hello', { cost: null })));
      expect(Object.keys(appended as object).sort()).toEqual(
        ['id', 'conversationId', 'parentId', 'role', 'content', 'sequence', 'createdAt'].sort(),
      );
    });

    it('stores what a model wrote although PostgreSQL refuses some of it', async () => {
      const { id } = await room.conversations.create(caller, {});
      const answer = await append(id, 'a\0b\ud800', { role: 'assistant', toolCalls: [{ result: 'c\0\udfff' }] });
      expect(answer).toMatchObject({ content: 'a\ufffdb\ufffd', toolCalls: [{ result: 'c\ufffd\ufffd' }] });
    });

    it('stores a very long answer of nothing but distinct words', async () => {
      const { id } = await room.conversations.create(caller, {});
      const word = (n: number) =>
        String.fromCodePoint(
          0x10400 + (n % 40),
          0x10400 + (Math.floor(n / 40) % 40),
          0x10400 + (Math.floor(n / 1600) % 40),
        );
      const content = Array.from({ length: 40_000 }, (_, n) => `${word(n)}-${word(n + 7)}.${n}/${word(n + 13)}`).join(
        ' ',
      );
      expect((await append(id, content, { role: 'assistant' })).content).toBe(content);
    });

    it('follows the message it is told to follow, which makes that branch the active one', async () => {
      const { id, messages } = await spoken('Q', 'A1');
      const second = await append(id, 'A2', { parentId: messages[0]!.id, role: 'assistant' });
      const next = await append(id, 'Q2');
      expect(second.parentId).toBe(messages[0]!.id);
      expect(next.parentId).toBe(second.id);
      expect(contents((await list(id)).items)).toEqual(['Q', 'A2', 'Q2']);
    });

    it('begins a second root when told to', async () => {
      const { id } = await spoken('Q', 'A');
      const root = await append(id, 'Q again', { parentId: null });
      expect(root).toMatchObject({ parentId: null, sequence: 3 });
      expect(contents((await list(id)).items)).toEqual(['Q again']);
    });

    it('follows the nearest living ancestor when the message to follow was deleted meanwhile', async () => {
      const { id, messages } = await spoken('Q1', 'A1', 'Q2');
      await room.messages.delete(caller, id, messages[2]!.id);
      await room.messages.delete(caller, id, messages[1]!.id);
      const answer = await append(id, 'A2', { parentId: messages[2]!.id, role: 'assistant' });
      expect(answer.parentId).toBe(messages[0]!.id);
    });

    it('counts nothing when the message to follow is of another conversation', async () => {
      const other = await spoken('Elsewhere');
      const { id } = await spoken('Here');
      await expect(append(id, 'Lost', { parentId: other.messages[0]!.id })).rejects.toMatchObject({ status: 404 });
      expect(await append(id, 'Next')).toMatchObject({ sequence: 2 });
      expect(await room.conversations.open(caller, id)).toMatchObject({ messageCount: 2 });
    });

    it('is refused when the conversation is deleted, foreign or missing', async () => {
      const { id } = await spoken('Q');
      const stranger = await room.newcomer();
      await expect(append(id, 'Theirs', { workspaceId: stranger.workspaceId })).rejects.toMatchObject({ status: 404 });
      await expect(append(newId(), 'Nowhere')).rejects.toMatchObject({ status: 404 });
      await room.conversations.delete(caller, id);
      await expect(append(id, 'Late')).rejects.toMatchObject({ status: 404 });
    });

    it('gives a run one question and one answer, however many processes try', async () => {
      const { id } = await room.conversations.create(caller, {});
      const runId = newId();
      const user = await append(id, 'Q', { runId });
      const tries = await Promise.allSettled([1, 2, 3].map((n) => append(id, `A${n}`, { runId, role: 'assistant' })));
      const stored = tries.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
      expect(stored).toHaveLength(1);
      expect(
        tries
          .filter((result) => result.status === 'rejected')
          .map(({ reason }) => (reason as { status: number }).status),
      ).toEqual([409, 409]);
      expect(await room.messages.ofRun(caller.workspaceId, runId)).toEqual({ user, assistant: stored[0] });
      expect(await room.conversations.open(caller, id)).toMatchObject({ messageCount: 2 });
    });

    it('is undone with the transaction it belongs to', async () => {
      const { id } = await spoken('Q');
      const failed = room.database.transaction(async () => {
        await append(id, 'Never');
        throw new Error('rolled back');
      });
      await expect(failed).rejects.toThrow('rolled back');
      expect(await append(id, 'Then')).toMatchObject({ sequence: 2 });
    });
  });

  describe('asking', () => {
    const ask = (conversationId: string, id: string, more: { content?: string; runId?: string } = {}) =>
      room.messages.ask({ id, workspaceId: caller.workspaceId, conversationId, role: 'user', content: 'Q', ...more });

    it('writes a message that is new', async () => {
      const { id } = await spoken('Q1', 'A1');
      const asked = newId();
      await ask(id, asked, { content: 'Q2' });
      expect(contents((await list(id)).items)).toEqual(['Q1', 'A1', 'Q2']);
      expect((await list(id)).items.at(-1)?.id).toBe(asked);
    });

    it('leaves one that is there, its branch and the figures of the conversation as they are', async () => {
      const { id, messages } = await spoken('Q', 'A1');
      const before = await room.conversations.open(caller, id);
      await ask(id, messages[0]!.id, { content: 'Other', runId: newId() });
      expect((await list(id)).items).toEqual(messages);
      expect(await room.conversations.open(caller, id)).toEqual(before);
    });

    it('keeps the conversation from being deleted until the transaction ends', async () => {
      const { id, messages } = await spoken('Q', 'A');
      let deleted = false;
      let deleting: Promise<void> | undefined;
      await room.database.transaction(async () => {
        await ask(id, messages[0]!.id);
        deleting = room.database
          .detached(() => room.conversations.delete(caller, id))
          .then(() => void (deleted = true));
        await sleep(100);
        expect(deleted).toBe(false);
      });
      await deleting;
      expect(deleted).toBe(true);
    });

    it('is refused for a message or conversation that was deleted', async () => {
      const { id, messages } = await spoken('Q1', 'A1', 'Q2');
      await room.messages.delete(caller, id, messages[2]!.id);
      await expect(ask(id, messages[2]!.id)).rejects.toMatchObject({ status: 404 });
      await room.conversations.delete(caller, id);
      await expect(ask(id, messages[0]!.id)).rejects.toMatchObject({ status: 404 });
      await expect(ask(id, newId())).rejects.toMatchObject({ status: 404 });
    });
  });

  describe('the question', () => {
    const question = async (id: string, messageId: string) => room.messages.questionOf(caller, id, messageId);

    it('of an answer is the user message before it, and of a user message itself', async () => {
      const { id, messages } = await spoken('Q1', 'A1', 'Q2', 'A2');
      const sibling = await append(id, 'A2b', { parentId: messages[2]!.id, role: 'assistant' });
      for (const message of [...messages.slice(2), sibling])
        expect(await question(id, message.id)).toEqual(messages[2]);
    });

    it.each(['system', 'tool', 'assistant'] as const)(
      'of a %s message that no user message precedes is none',
      async (role) => {
        const { id, messages } = await spoken('Q', 'A');
        const message = await append(id, 'X', { role });
        expect(message.parentId).toBe(messages[1]!.id);
        await expect(question(id, message.id)).rejects.toMatchObject({ status: 409 });
      },
    );

    it('of a system or tool message is none', async () => {
      const { id } = await spoken('Q');
      await expect(question(id, (await append(id, 'X', { role: 'tool' })).id)).rejects.toMatchObject({ status: 409 });
    });

    it('of an answer at the root is none', async () => {
      const { id, messages } = await spoken('Q', 'A');
      await room.messages.delete(caller, id, messages[0]!.id);
      await expect(question(id, messages[1]!.id)).rejects.toMatchObject({ status: 409 });
    });
  });

  describe('editing', () => {
    it('credits whoever edits, and begins a branch of its own', async () => {
      const { id, messages } = await spoken('Q', 'A');
      const edited = await room.messages.edit(caller, id, messages[0]!.id, 'Q again');
      const [row] = await room.database.query('SELECT created_by, run_id FROM message WHERE id = $1', [edited.id]);
      expect(row).toEqual({ created_by: caller.userId, run_id: null });
      expect(contents(await history(id, edited.id, 20))).toEqual(['Q again']);
    });
  });

  describe('the last messages of a branch', () => {
    it('end where asked and come oldest first', async () => {
      const { id, messages } = await spoken('1', '2', '3', '4', '5');
      expect(contents(await history(id, messages[3]!.id, 3))).toEqual(['2', '3', '4']);
      expect(contents(await history(id, messages[1]!.id, 20))).toEqual(['1', '2']);
    });

    it('are of that branch alone', async () => {
      const { id, messages } = await spoken('Q', 'A1', 'Q2');
      const sibling = await append(id, 'A2', { parentId: messages[0]!.id });
      expect(contents(await history(id, sibling.id, 20))).toEqual(['Q', 'A2']);
      expect(contents(await history(id, messages[2]!.id, 20))).toEqual(['Q', 'A1', 'Q2']);
    });

    it('are living ones, and as many as asked', async () => {
      const { id, messages } = await spoken('1', '2', '3', '4', '5');
      await room.messages.delete(caller, id, messages[2]!.id);
      expect(contents(await history(id, messages[4]!.id, 3))).toEqual(['2', '4', '5']);
      expect(contents(await history(id, messages[2]!.id, 3))).toEqual(['1', '2']);
    });

    it('are none for a message of another conversation or workspace', async () => {
      const { id } = await spoken('Q');
      const other = await spoken('Elsewhere');
      const stranger = await room.newcomer();
      expect(await history(id, other.messages[0]!.id, 5)).toEqual([]);
      expect(
        await room.messages.history({
          workspaceId: stranger.workspaceId,
          conversationId: other.id,
          upTo: other.messages[0]!.id,
          limit: 5,
        }),
      ).toEqual([]);
    });
  });

  describe('listing', () => {
    it('pages through a branch without gap or repetition while messages are written', async () => {
      const { id } = await spoken('1', '2', '3', '4', '5');
      const first = await list(id, { limit: 2 });
      await append(id, '6');
      const second = await list(id, { limit: 2, cursor: first.nextCursor ?? '' });
      const third = await list(id, { limit: 2, cursor: second.nextCursor ?? '' });
      expect([first, second, third].map(({ items }) => contents(items))).toEqual([['1', '2'], ['3', '4'], ['5']]);
      expect(third.nextCursor).toBeNull();
    });

    it('keeps to its branch when another becomes active between two pages', async () => {
      const { id, messages } = await spoken('1', '2', '3', '4');
      const first = await list(id, { limit: 2 });
      await append(id, '2b', { parentId: messages[0]!.id });
      const second = await list(id, { limit: 2, cursor: first.nextCursor ?? '' });
      expect(contents(second.items)).toEqual(['3', '4']);
    });

    it('shows the branch through a message, on to its newest end', async () => {
      const { id, messages } = await spoken('Q', 'A1', 'Q2', 'A3');
      await append(id, 'A3b', { parentId: messages[2]!.id });
      await append(id, 'B1', { parentId: messages[0]!.id });
      expect(contents((await list(id)).items)).toEqual(['Q', 'B1']);
      expect(contents((await list(id, { branch: messages[1]!.id })).items)).toEqual(['Q', 'A1', 'Q2', 'A3b']);
      expect(contents((await list(id, { branch: messages[3]!.id })).items)).toEqual(['Q', 'A1', 'Q2', 'A3']);
    });

    it('knows no branch of a deleted, foreign or missing message', async () => {
      const { id, messages } = await spoken('Q', 'A');
      const other = await spoken('Elsewhere');
      await room.messages.delete(caller, id, messages[1]!.id);
      for (const branch of [messages[1]!.id, other.messages[0]!.id, newId()]) {
        await expect(list(id, { branch })).rejects.toMatchObject({ status: 404 });
      }
    });

    it('is empty before the first message', async () => {
      const { id } = await room.conversations.create(caller, {});
      expect(await list(id)).toEqual({ items: [], nextCursor: null });
    });

    it.each(['', 'x', 'W10', Buffer.from('["x",1]').toString('base64url')])('refuses the cursor %p', async (cursor) => {
      const { id } = await spoken('Q');
      await expect(list(id, { cursor })).rejects.toMatchObject({ status: 422 });
    });

    it('reads only the workspace of the caller', async () => {
      const { id, messages } = await spoken('Q');
      const stranger = await room.newcomer();
      await expect(room.messages.list(stranger, id, { limit: 20 })).rejects.toMatchObject({ status: 404 });
      await expect(room.messages.read(stranger, id, messages[0]!.id)).rejects.toMatchObject({ status: 404 });
      await expect(room.messages.say(stranger, id, 'Hello')).rejects.toMatchObject({ status: 404 });
      await expect(room.messages.rate(stranger, id, messages[0]!.id, 5)).rejects.toMatchObject({ status: 404 });
      await expect(room.messages.delete(stranger, id, messages[0]!.id)).rejects.toMatchObject({ status: 404 });
      expect(await room.messages.ofRun(stranger.workspaceId, newId())).toEqual({});
    });
  });

  describe('rating', () => {
    it('is kept with the answer and can be changed', async () => {
      const { id, messages } = await spoken('Q', 'A');
      expect(await room.messages.rate(caller, id, messages[1]!.id, 0)).toMatchObject({ rating: 0 });
      expect(await room.messages.rate(caller, id, messages[1]!.id, 5)).toEqual({ ...messages[1], rating: 5 });
    });

    it('is for answers only', async () => {
      const { id, messages } = await spoken('Q');
      await expect(room.messages.rate(caller, id, messages[0]!.id, 5)).rejects.toMatchObject({ status: 409 });
    });
  });

  describe('deleting', () => {
    it('erases the content and closes the gap in the tree', async () => {
      const { id, messages } = await spoken('Q1', 'A1 secretword', 'Q2', 'A2');
      await room.messages.delete(caller, id, messages[1]!.id);

      const { items } = await list(id);
      expect(contents(items)).toEqual(['Q1', 'Q2', 'A2']);
      expect(items.map(({ parentId }) => parentId)).toEqual([null, messages[0]!.id, messages[2]!.id]);
      expect(await room.messages.get(caller.workspaceId, id, messages[1]!.id)).toBeUndefined();
      expect(await room.conversations.open(caller, id)).toMatchObject({
        messageCount: 3,
        lastMessageAt: messages[3]!.createdAt,
      });
      const [row] = await room.database.query('SELECT content, search::text FROM message WHERE id = $1', [
        messages[1]!.id,
      ]);
      expect(JSON.stringify(row)).not.toContain('secretword');
      expect((await room.conversations.list(caller, { query: 'secretword', sort: 'title', limit: 5 })).items).toEqual(
        [],
      );
    });

    it('makes the message before the last of the active branch', async () => {
      const { id, messages } = await spoken('Q1', 'A1', 'Q2');
      await room.messages.delete(caller, id, messages[2]!.id);
      expect(await room.conversations.open(caller, id)).toMatchObject({ lastMessageAt: messages[1]!.createdAt });
      expect(await append(id, 'Q3')).toMatchObject({ parentId: messages[1]!.id, sequence: 4 });
      expect(contents((await list(id)).items)).toEqual(['Q1', 'A1', 'Q3']);
    });

    it('leaves the other branches as they are', async () => {
      const { id, messages } = await spoken('Q', 'A1', 'Q2');
      await append(id, 'A2', { parentId: messages[0]!.id });
      await room.messages.delete(caller, id, messages[0]!.id);
      expect(contents((await list(id)).items)).toEqual(['A2']);
      expect(contents((await list(id, { branch: messages[1]!.id })).items)).toEqual(['A1', 'Q2']);
    });

    it('can empty the conversation, which then begins anew', async () => {
      const { id, messages } = await spoken('Q', 'A');
      for (const message of messages) await room.messages.delete(caller, id, message.id);
      const emptied = await room.conversations.open(caller, id);
      expect(emptied.messageCount).toBe(0);
      expect(emptied.lastMessageAt).toBeUndefined();
      expect(await list(id)).toEqual({ items: [], nextCursor: null });
      expect(await append(id, 'Q again')).toMatchObject({ parentId: null, sequence: 3 });
    });

    it('happens once', async () => {
      const { id, messages } = await spoken('Q', 'A');
      const tries = await Promise.allSettled([1, 2, 3].map(() => room.messages.delete(caller, id, messages[0]!.id)));
      expect(tries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
      expect(await room.conversations.open(caller, id)).toMatchObject({ messageCount: 1 });
    });

    it('keeps count and tree right while others write and delete', async () => {
      const { id, messages } = await spoken(...Array.from({ length: 20 }, (_, index) => `old ${index}`));
      await Promise.all([
        ...messages.map((message) => room.messages.delete(caller, id, message.id)),
        ...Array.from({ length: 20 }, (_, index) => append(id, `new ${index}`)),
      ]);
      const { items } = await list(id);
      expect(items).toHaveLength(20);
      expect(items.map(({ parentId }) => parentId)).toEqual([null, ...items.slice(0, -1).map((message) => message.id)]);
      expect(await room.conversations.open(caller, id)).toMatchObject({ messageCount: 20 });
    });

    it('drops a summary that tells what the message said, and keeps one that does not', async () => {
      const { id, messages } = await spoken('1', '2', '3', '4');
      await summarised(id, messages[1]!.id, 'Sum');
      await room.messages.delete(caller, id, messages[3]!.id);
      expect(await room.conversations.open(caller, id)).toMatchObject({
        summary: 'Sum',
        summarisedUpTo: messages[1]!.id,
      });
      await room.messages.delete(caller, id, messages[0]!.id);
      const { summary, summarisedUpTo } = await room.conversations.open(caller, id);
      expect([summary, summarisedUpTo]).toEqual([undefined, undefined]);
    });
  });

  describe('forking', () => {
    it('copies the active branch into a conversation of its own', async () => {
      const original = await room.conversations.create(caller, {
        title: 'Plans',
        systemMessage: 'Be brief.',
        model: 'openai:gpt-4o-mini',
        workflow: 'rag',
        tags: ['launch'],
        metadata: { ticket: 7 },
      });
      const question = await append(original.id, 'Q', { createdBy: caller.userId, runId: newId() });
      await append(original.id, 'A1', { role: 'assistant', runId: newId() });
      const answer = await append(original.id, 'A2', {
        parentId: question.id,
        role: 'assistant',
        runId: newId(),
        usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
        cost: 0.5,
      });

      const fork = await room.forks.fork(caller, original.id, {});

      expect(fork).toMatchObject({
        title: 'Plans (fork)',
        status: 'active',
        systemMessage: 'Be brief.',
        model: 'openai:gpt-4o-mini',
        workflow: 'rag',
        tags: ['launch'],
        metadata: { ticket: 7 },
        messageCount: 2,
        lastMessageAt: answer.createdAt,
      });
      const { items } = await list(fork.id);
      expect(items).toMatchObject([
        { content: 'Q', sequence: 1, parentId: null, conversationId: fork.id, createdAt: question.createdAt },
        { content: 'A2', sequence: 2, parentId: items[0]!.id, usage: { totalTokens: 3 }, cost: 0.5 },
      ]);
      expect(items.map(({ runId }) => runId)).toEqual([undefined, undefined]);
      expect(items.map(({ id }) => id)).not.toContain(question.id);
      expect(await append(fork.id, 'Q2')).toMatchObject({ sequence: 3, parentId: items[1]!.id });
      expect(await room.conversations.open(caller, original.id)).toMatchObject({ messageCount: 3 });
      const [row] = await room.database.query(
        'SELECT forked_from_conversation_id AS c, forked_from_message_id AS m FROM conversation WHERE id = $1',
        [fork.id],
      );
      expect(row).toEqual({ c: original.id, m: answer.id });
    });

    it('stops at the message it is told, on whichever branch', async () => {
      const { id, messages } = await spoken('Q', 'A1', 'Q2', 'A2');
      await append(id, 'B', { parentId: messages[0]!.id });
      const fork = await room.forks.fork(caller, id, { messageId: messages[2]!.id, title: 'Elsewhere' });
      expect(fork.title).toBe('Elsewhere');
      expect(contents((await list(fork.id)).items)).toEqual(['Q', 'A1', 'Q2']);
    });

    it('leaves deleted messages behind and numbers without gap', async () => {
      const { id, messages } = await spoken('1', '2', '3');
      await room.messages.delete(caller, id, messages[1]!.id);
      const fork = await room.forks.fork(caller, id, {});
      expect((await list(fork.id)).items).toMatchObject([
        { content: '1', sequence: 1 },
        { content: '3', sequence: 2 },
      ]);
    });

    it('takes the summary along only when all that it tells is copied', async () => {
      const { id, messages } = await spoken('1', '2', '3', '4');
      await summarised(id, messages[1]!.id, 'Sum');
      const whole = await room.forks.fork(caller, id, {});
      expect(whole).toMatchObject({ summary: 'Sum', summarisedUpTo: (await list(whole.id)).items[1]!.id });
      const part = await room.forks.fork(caller, id, { messageId: messages[0]!.id });
      expect([part.summary, part.summarisedUpTo]).toEqual([undefined, undefined]);
    });

    it('copies an empty conversation as an empty one', async () => {
      const { id } = await room.conversations.create(caller, {});
      const fork = await room.forks.fork(caller, id, {});
      expect(fork.messageCount).toBe(0);
      expect(await append(fork.id, 'Q')).toMatchObject({ sequence: 1, parentId: null });
    });

    it('knows no foreign, deleted or missing point', async () => {
      const { id, messages } = await spoken('Q', 'A');
      const other = await spoken('Elsewhere');
      await room.messages.delete(caller, id, messages[1]!.id);
      for (const messageId of [messages[1]!.id, other.messages[0]!.id, newId()]) {
        await expect(room.forks.fork(caller, id, { messageId })).rejects.toMatchObject({ status: 404 });
      }
      await expect(room.forks.fork(await room.newcomer(), id, {})).rejects.toMatchObject({ status: 404 });
    });

    it('copies a branch that holds together although others write to it', async () => {
      for (let round = 0; round < 25; round++) {
        const { id, messages } = await spoken('0', '1', '2', '3', '4');
        const [fork] = await Promise.all([
          room.forks.fork(caller, id, {}),
          append(id, 'more'),
          ...messages.slice(1, 4).map((message) => room.messages.delete(caller, id, message.id)),
        ]);
        const { items } = await list(fork.id);
        expect(items).toHaveLength(fork.messageCount);
        expect(items.map(({ sequence }) => sequence)).toEqual(items.map((_, index) => index + 1));
        expect(contents(items)).not.toContain('');
      }
    });
  });
});
