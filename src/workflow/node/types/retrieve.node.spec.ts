import { knowledgeRoom } from '../../../../test/support/knowledge-room.js';
import { executed, optionsOf } from '../../../../test/support/node-context.js';
import { chunk, TestRetriever } from '../../../../test/support/test-retriever.js';
import { NO_SOURCES, parseSources } from '../../../llm/context-sources.js';
import type { NodeEvent } from '../node-type.js';
import { RetrieveNode } from './retrieve.node.js';

const nodeOf = async () => {
  const { retrieval, retriever } = await knowledgeRoom([TestRetriever]);
  return { node: new RetrieveNode(retrieval), retriever: retriever(TestRetriever) };
};

describe('the retrieve node', () => {
  it('gives what is found, as values and as numbered text, and tells of each source', async () => {
    const { node, retriever } = await nodeOf();
    const found = [chunk(1, { uri: 'https://a.example/1' }), chunk(2, { snippet: 'a part' })];
    retriever.find = () => found;
    const { result, events } = await executed(node, { messages: 'Where is it?' });
    const { sources, context } = result.variables as { sources: unknown; context: string };
    expect(sources).toEqual(found);
    expect(parseSources(context)).toEqual([
      { index: 1, title: 'Title 1', text: 'Text of chunk 1.' },
      { index: 2, title: 'Title 2', text: 'Text of chunk 2.' },
    ]);
    expect(result.output).toEqual({ sources: found, context });
    expect(events).toEqual([
      {
        type: 'source',
        index: 1,
        documentId: 'document-1',
        title: 'Title 1',
        uri: 'https://a.example/1',
        score: 1,
        snippet: 'Text of chunk 1.',
      },
      { type: 'source', index: 2, documentId: 'document-2', title: 'Title 2', score: 0.5, snippet: 'a part' },
    ]);
  });

  it('searches for the last message of the user, five pieces of any document', async () => {
    const { node, retriever } = await nodeOf();
    await executed(node, {
      messages: [
        { role: 'user', content: 'first' },
        { role: 'user', content: 'last' },
        { role: 'assistant', content: 'answer' },
      ],
    });
    expect(retriever.requests).toEqual([
      { query: 'last', limit: 5, mode: 'hybrid', workspaceId: 'w', userId: 'u', signal: expect.any(AbortSignal) },
    ]);
  });

  it('searches for what the definition says', async () => {
    const { node, retriever } = await nodeOf();
    const search = { collections: ['manuals'], documentIds: ['d'], limit: 2, threshold: 0.5, mode: 'text' };
    const { result } = await executed(node, {
      config: { ...search, query: 'about {{input.topic}}', output: 'found' },
      scope: { input: { topic: 'tea' } },
    });
    expect(retriever.requests).toMatchObject([{ ...search, query: 'about tea' }]);
    expect(result.variables).toEqual({ found: [], context: NO_SOURCES });
  });

  it('shows the beginning of a long text', async () => {
    const { node, retriever } = await nodeOf();
    retriever.find = () => [chunk(1, { text: 'a'.repeat(5_000) })];
    const { events } = await executed(node, { messages: 'Hi' });
    expect(events).toMatchObject([{ snippet: `${'a'.repeat(300)}…` }]);
  });

  it('fails when the search does, and tells of no source', async () => {
    const { node, retriever } = await nodeOf();
    retriever.find = () => Promise.reject(new Error('broken'));
    const events: NodeEvent[] = [];
    const failed = executed(node, { messages: 'Hi', emit: (event) => events.push(event) });
    await expect(failed).rejects.toMatchObject({ type: { slug: 'retrieval-failed' } });
    expect(events).toEqual([]);
  });

  it('says what is missing on a server without a retriever', async () => {
    const { retrieval } = await knowledgeRoom([]);
    expect(new RetrieveNode(retrieval).lacks()).toBe('a retriever');
    expect((await nodeOf()).node.lacks()).toBeUndefined();
  });

  it('fails when there is nothing to search for', async () => {
    const { node } = await nodeOf();
    await expect(executed(node)).rejects.toMatchObject({ extensions: { errors: [{ pointer: '/query' }] } });
  });

  it('does not put two things into the variable "context"', () => {
    expect(optionsOf(RetrieveNode).config.safeParse({ output: 'context' }).success).toBe(false);
  });
});
