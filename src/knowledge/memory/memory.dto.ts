import { Id, Text, Time } from '../../platform/http/fields.js';
import { pageOf } from '../../platform/http/page.js';
import type { Memory } from './memory.repository.js';

const content = { description: 'The fact, as one sentence.', min: 1, max: 1_000, example: 'Prefers short answers.' };

/** Something that is remembered of the caller. */
export class MemoryDto {
  @Id({ description: 'The memory.' })
  readonly id!: string;

  @Text(content)
  readonly content!: string;

  @Time({ description: 'When it was first said.' })
  readonly createdAt!: string;

  @Time({ description: 'When it was last said or changed.' })
  readonly updatedAt!: string;
}

export class MemoryPageDto extends pageOf(MemoryDto) {}

export class UpdateMemoryDto {
  @Text(content)
  readonly content!: string;
}

/** The public form of a memory. */
export const toMemoryDto = ({ id, content: fact, createdAt, updatedAt }: Memory): MemoryDto => ({
  id,
  content: fact,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
