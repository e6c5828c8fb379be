import { knowledgeRoom } from '../../test/support/knowledge-room.js';
import { chunk, TestRetriever } from '../../test/support/test-retriever.js';
import type { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import { KnowledgeSearch } from './knowledge-search.js';
import type { Knowledge, KnowledgeQuestion, Passage } from './knowledge-source.js';

const said = (title: string): Passage => ({
  title,
  text: 'Something was said.',
  score: 1,
  source: { kind: 'conversation', conversationId: 'c', messageId: 'm' },
});

const question = (limit: number): KnowledgeQuestion => ({
  workspaceId: 'w',
  userId: 'u',
  query: 'where?',
  limit,
  conversationId: 'now',
  signal: new AbortController().signal,
});

async function searchOver(sources: readonly Knowledge[], retrievers: readonly (typeof TestRetriever)[]) {
  const room = await knowledgeRoom(retrievers);
  const plugins = { find: () => sources.map((plugin) => ({ plugin, options: undefined })) };
  const search = new KnowledgeSearch(room.retrieval, plugins as unknown as PluginRegistry);
  search.onModuleInit();
  return { search, room };
}

describe('the search for knowledge', () => {
  it('gives documents first, then what other sources know, and no more than asked for', async () => {
    const asked: KnowledgeQuestion[] = [];
    const source: Knowledge = { search: async (given) => (asked.push(given), [said('Tea'), said('Coffee')]) };
    const { search, room } = await searchOver([source], [TestRetriever]);
    room.retriever(TestRetriever).find = () => [chunk(1, { title: 'Manual' })];
    expect((await search.search(question(2))).map(({ title, source: { kind } }) => [title, kind])).toEqual([
      ['Manual', 'document'],
      ['Tea', 'conversation'],
    ]);
    expect(asked).toMatchObject([{ workspaceId: 'w', userId: 'u', conversationId: 'now' }]);
  });

  it('makes do without a retriever', async () => {
    const { search } = await searchOver([{ search: async () => [said('Tea')] }], []);
    expect(await search.search(question(5))).toHaveLength(1);
  });

  it('fails when a source fails, rather than to keep silent about it', async () => {
    const { search } = await searchOver([{ search: () => Promise.reject(new Error('broken')) }], []);
    await expect(search.search(question(5))).rejects.toThrow('broken');
  });
});
