import { Int, Num, Text } from '../http/fields.js';

export class CacheStatsDto {
  @Int({
    description: 'Answers that are kept in memory. Null: they are in Redis.',
    min: 0,
    nullable: true,
    example: 12,
  })
  readonly size!: number | null;

  @Int({ description: 'Questions that were answered without asking a model.', min: 0, example: 30 })
  readonly hits!: number;

  @Int({ description: 'Questions of deterministic runs for which a model was asked.', min: 0, example: 10 })
  readonly misses!: number;

  @Num({ description: 'Hits of both together, 0 to 1. Null: nothing was asked.', nullable: true, example: 0.75 })
  readonly hitRate!: number | null;

  @Int({ description: 'Answers that were dropped for want of room.', min: 0, example: 0 })
  readonly evictions!: number;
}

export class CacheTagQuery {
  @Text({
    description:
      '`workflow:` and the id of a stored workflow (else its name), `prompt:` and the hash of a definition as runs show it, `model:provider:model`, `documents`, or `document:` and an id, which means all documents. By default everything.',
    min: 1,
    max: 220,
    pattern: /^(?:documents|(?:workflow|prompt|model|document):\S.{0,199})$/,
    patternHint: 'must be documents, or a name after workflow:, prompt:, model: or document:',
    optional: true,
    example: 'workflow:plain',
  })
  readonly tag?: string;
}
