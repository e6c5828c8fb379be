import { Choice, Id, Int, Text, Time } from '../../platform/http/fields.js';
import { pageOf } from '../../platform/http/page.js';
import { LANGUAGES, type Collection, type NewCollection } from './collection.js';

export const COLLECTION_NAME = {
  min: 1,
  max: 128,
  pattern: /^[^{}\p{Cc}]+$/u,
  patternHint: 'must not hold braces or control characters',
  example: 'handbook',
};

const language = {
  description: 'Language of the texts, for their word stems; simple leaves words as they are.',
  example: 'english',
  default: 'simple',
};
const embeddingModel = {
  description: 'What texts are embedded with, as provider:model. EMBEDDING_MODEL when absent.',
  min: 1,
  max: 200,
  example: 'local:hashing',
};

export class CreateCollectionDto implements NewCollection {
  @Text({ description: 'Its name, unique in the workspace.', ...COLLECTION_NAME })
  readonly name!: string;

  @Choice(LANGUAGES, { ...language, optional: true })
  readonly language?: string;

  @Text({ ...embeddingModel, optional: true })
  readonly embeddingModel?: string;
}

export class CollectionDto implements Collection {
  @Id({ description: 'Id of the collection.' })
  readonly id!: string;

  @Text({ description: 'Its name.', ...COLLECTION_NAME })
  readonly name!: string;

  @Choice(LANGUAGES, language)
  readonly language!: string;

  @Text(embeddingModel)
  readonly embeddingModel!: string;

  @Int({ description: 'Documents in it, whatever their status.', example: 12, min: 0 })
  readonly documentCount!: number;

  @Time({ description: 'When it was made.' })
  readonly createdAt!: string;
}

export class CollectionPageDto extends pageOf(CollectionDto) {}
