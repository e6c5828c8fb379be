import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { toMemoryDto, type MemoryDto } from '../../knowledge/memory/memory.dto.js';
import { MemoryStores } from '../../knowledge/memory/memory-stores.js';
import { Tool, type ToolContext, type ToolExecutor } from '../tool.js';

const Arguments = z.strictObject({
  content: z.string().min(1).max(1_000).regex(/\S/, 'must not be blank').describe('The fact, as one sentence.'),
});
type Arguments = z.output<typeof Arguments>;

@Injectable()
@Tool({
  name: 'memoryWrite',
  title: 'Remember a fact',
  description: 'Remembers a lasting fact of the user, such as a preference, for later conversations.',
  arguments: Arguments,
  risk: 'medium',
  effect: 'idempotent',
})
export class MemoryWriteTool implements ToolExecutor<Arguments> {
  constructor(private readonly stores: MemoryStores) {}

  /** @throws Problem memory-full */
  async call({ content }: Arguments, context: ToolContext): Promise<MemoryDto> {
    const { value, ...item } = await this.stores.of(context).remember(content);
    return toMemoryDto({ ...item, ...value });
  }
}
