import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { KnowledgeSearch } from '../../knowledge/knowledge-search.js';
import type { Passage } from '../../knowledge/knowledge-source.js';
import { Tool, type ToolContext, type ToolExecutor } from '../tool.js';

const Arguments = z.strictObject({
  query: z.string().min(1).max(1_000).describe('What to look for, in a few words or as a question.'),
  limit: z.number().int().min(1).max(20).default(5).describe('Most passages.'),
});
type Arguments = z.output<typeof Arguments>;

/** Longest text of one passage, in characters. */
const MAX_TEXT = 4_000;

@Injectable()
@Tool({
  name: 'searchKnowledge',
  title: 'Search the knowledge base',
  description: 'Searches the documents of the workspace and what was said in earlier conversations of the user.',
  arguments: Arguments,
  risk: 'low',
  effect: 'read',
})
export class SearchKnowledgeTool implements ToolExecutor<Arguments> {
  constructor(private readonly knowledge: KnowledgeSearch) {}

  async call({ query, limit }: Arguments, context: ToolContext): Promise<{ readonly items: readonly Passage[] }> {
    const { workspaceId, userId, conversationId, signal } = context;
    const found = await this.knowledge.search({ workspaceId, userId, conversationId, query, limit, signal });
    return { items: found.map(shortened) };
  }
}

const shortened = (passage: Passage): Passage => ({ ...passage, text: passage.text.slice(0, MAX_TEXT).toWellFormed() });
