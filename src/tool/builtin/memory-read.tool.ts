import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { toMemoryDto, type MemoryDto } from '../../knowledge/memory/memory.dto.js';
import { MemoryStores } from '../../knowledge/memory/memory-stores.js';
import { Tool, type ToolContext, type ToolExecutor } from '../tool.js';

const Arguments = z.strictObject({
  query: z.string().min(1).max(500).optional().describe('Words to look for; without them the newest facts.'),
  limit: z.number().int().min(1).max(50).default(20).describe('Most facts.'),
});
type Arguments = z.output<typeof Arguments>;

@Injectable()
@Tool({
  name: 'memoryRead',
  title: 'Recall facts',
  description: 'Recalls what is remembered of the user from earlier conversations, such as names and preferences.',
  arguments: Arguments,
  risk: 'low',
  effect: 'read',
})
export class MemoryReadTool implements ToolExecutor<Arguments> {
  constructor(private readonly stores: MemoryStores) {}

  async call({ query, limit }: Arguments, context: ToolContext): Promise<{ readonly facts: readonly MemoryDto[] }> {
    const store = this.stores.of(context);
    const items = await store.search(store.namespace, { query, limit });
    return { facts: items.map(({ value, ...item }) => toMemoryDto({ ...item, ...value })) };
  }
}
