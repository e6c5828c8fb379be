import { knowledgeRoom } from '../../test/support/knowledge-room.js';
import { chunk, TestRetriever } from '../../test/support/test-retriever.js';
import { conflict } from '../platform/problem/http.errors.js';
import { Retriever, type RetrievalRequest } from './retriever.js';

const request = (parts: Partial<RetrievalRequest> = {}): RetrievalRequest => ({
  workspaceId: 'w',
  userId: 'u',
  query: 'where?',
  limit: 2,
  mode: 'hybrid',
  signal: new AbortController().signal,
  ...parts,
});

describe('retrieval', () => {
  it('asks the retriever and gives no more chunks than asked for', async () => {
    const { retrieval, retriever } = await knowledgeRoom([TestRetriever]);
    const plugin = retriever(TestRetriever);
    plugin.find = () => [chunk(1), chunk(2), chunk(3)];
    const asked = request({ collections: ['manuals'] });
    expect(retrieval.isAvailable).toBe(true);
    expect(await retrieval.retrieve(asked)).toEqual([chunk(1), chunk(2)]);
    expect(plugin.requests).toEqual([asked]);
  });

  it('prefers any retriever to the default one, wherever it is listed', async () => {
    @Retriever({ isDefault: true })
    class DefaultRetriever extends TestRetriever {}
    for (const retrievers of [
      [DefaultRetriever, TestRetriever],
      [TestRetriever, DefaultRetriever],
    ]) {
      const { retrieval, retriever } = await knowledgeRoom(retrievers);
      await retrieval.retrieve(request());
      expect(retriever(TestRetriever).requests).toHaveLength(1);
      expect(retriever(DefaultRetriever).requests).toHaveLength(0);
    }
    const { retrieval } = await knowledgeRoom([DefaultRetriever]);
    expect(await retrieval.retrieve(request())).toEqual([]);
  });

  it('is not available without a retriever', async () => {
    const { retrieval } = await knowledgeRoom([]);
    expect(retrieval.isAvailable).toBe(false);
    await expect(retrieval.retrieve(request())).rejects.toMatchObject({ type: { slug: 'retrieval-failed' } });
  });

  it('shows a problem of the retriever, and nothing of any other error', async () => {
    const { retrieval, retriever } = await knowledgeRoom([TestRetriever]);
    const plugin = retriever(TestRetriever);
    plugin.find = () => Promise.reject(conflict('The collection is being built.'));
    await expect(retrieval.retrieve(request())).rejects.toThrow('The collection is being built.');
    plugin.find = () => Promise.reject(new Error('password=hunter2'));
    const failure = retrieval.retrieve(request());
    await expect(failure).rejects.toMatchObject({ type: { slug: 'retrieval-failed' } });
    await expect(failure).rejects.not.toThrow('hunter2');
  });

  it('ends with the signal, whether the retriever notices or not', async () => {
    const { retrieval, retriever } = await knowledgeRoom([TestRetriever]);
    const controller = new AbortController();
    retriever(TestRetriever).find = () => {
      controller.abort(new Error('cancelled'));
      return new Promise(() => undefined);
    };
    await expect(retrieval.retrieve(request({ signal: controller.signal }))).rejects.toThrow('cancelled');
  });
});
