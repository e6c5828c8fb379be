import { newId } from '../../src/platform/clock/id.js';
import type { Principal } from '../../src/platform/http/principal.js';
import { startConversationRoom, type ConversationRoom } from '../support/conversation-room.js';

describe('an export that is under way', () => {
  let room: ConversationRoom;
  let caller: Principal;
  let id: string;
  let ids: string[];

  beforeAll(async () => {
    room = await startConversationRoom('export');
    caller = await room.newcomer();
  });
  afterAll(() => room.close());

  beforeEach(async () => {
    id = (await room.conversations.create(caller, { title: 'Long' })).id;
    ids = Array.from({ length: 250 }, () => newId());
    for (const [index, own] of ids.entries()) await say(`Message ${index + 1}.`, own);
  });

  const say = (content: string, own = newId()) =>
    room.messages.append({ id: own, workspaceId: caller.workspaceId, conversationId: id, role: 'user', content });

  const remove = (index: number) => room.messages.delete(caller, id, ids[index]!);

  /** The text, when `meanwhile` happens after its first piece was taken. */
  async function exported(format: 'json' | 'markdown', pieces: number, meanwhile: () => Promise<unknown>) {
    const { body } = await room.exports.export(caller, id, format);
    const reader = (body as unknown as ReadableStream<Uint8Array>).getReader();
    let text = '';
    for (let taken = 1; ; taken += 1) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += Buffer.from(value).toString();
      if (taken === pieces) await meanwhile();
    }
  }

  const numbers = (text: string) => [...text.matchAll(/Message (\d+)\./g)].map(([, number]) => Number(number));
  const all = Array.from({ length: 250 }, (_, index) => index + 1);

  it.each(['json', 'markdown'] as const)('as %s leaves out what is written meanwhile', async (format) => {
    const text = await exported(format, 2, () => say('Message 251.'));
    expect(numbers(text)).toEqual(all);
  });

  it.each(['json', 'markdown'] as const)('as %s leaves out what is deleted before its turn', async (format) => {
    const text = await exported(format, 2, () => remove(249));
    expect(numbers(text)).toEqual(all.slice(0, -1));
  });

  it('names no parent that it does not have', async () => {
    const text = await exported('json', 2, async () => {
      for (const index of [5, 99, 100, 150, 151]) await remove(index);
    });
    const { messages } = JSON.parse(text) as { messages: { id: string; parentId: string | null }[] };
    expect(messages).toHaveLength(247);
    const seen = new Set<string | null>([null]);
    for (const message of messages) {
      expect(seen).toContain(message.parentId);
      seen.add(message.id);
    }
  });

  it('goes on when everything after its first piece is deleted', async () => {
    const text = await exported('json', 2, async () => {
      for (let index = 100; index < 250; index += 1) await remove(index);
    });
    expect(numbers(text)).toEqual(all.slice(0, 100));
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it('stops reading when the reader leaves', async () => {
    const { body } = await room.exports.export(caller, id, 'json');
    const reader = (body as unknown as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await reader.cancel();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });
});
