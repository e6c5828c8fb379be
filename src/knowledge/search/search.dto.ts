import { ApiProperty } from '@nestjs/swagger';
import { Choice, Id, IdList, Int, JsonObject, Num, Text, TextList } from '../../platform/http/fields.js';
import { RETRIEVAL_MODES, type RetrievalMode } from '../retriever.js';

export class SearchDocumentsDto {
  @Text({
    description: 'What to look for, in words or as a question.',
    min: 1,
    max: 10_000,
    example: 'How long is the warranty?',
  })
  readonly query!: string;

  @TextList({
    description: 'Names of collections to look in; all when absent.',
    maxItems: 100,
    maxLength: 128,
    optional: true,
  })
  readonly collections?: readonly string[];

  @IdList({ description: 'Documents to look in; all when absent.', maxItems: 1_000, optional: true })
  readonly documentIds?: readonly string[];

  @JsonObject({
    description: 'Only documents whose metadata has all of this.',
    maxBytes: 4_096,
    optional: true,
    example: { department: 'sales' },
  })
  readonly metadata?: Readonly<Record<string, unknown>>;

  @Int({ description: 'Most chunks that are found.', min: 1, max: 50, default: 5, optional: true })
  readonly limit: number = 5;

  @Num({ description: 'Least score, 0 to 1.', min: 0, max: 1, optional: true, example: 0.3 })
  readonly threshold?: number;

  @Choice(RETRIEVAL_MODES, {
    description: 'By meaning (vector), by words (text), or both.',
    default: 'hybrid',
    optional: true,
    example: 'hybrid',
  })
  readonly mode: RetrievalMode = 'hybrid';
}

export class FoundChunkDto {
  @Id({ description: 'The document.' })
  readonly documentId!: string;

  @Id({ description: 'The chunk of it.' })
  readonly chunkId!: string;

  @ApiProperty({ type: String, description: 'Title of the document.', example: 'Handbook' })
  readonly title!: string;

  @Num({
    description:
      'The greater of two figures from 0 to 1: the share of the words of the query that the chunk has, rare words counting more, and how alike both are by their vectors (0: unrelated, 1: as a question and its answer). Items stand in the order of both rankings fused, so a later one may score higher.',
    min: 0,
    max: 1,
    example: 0.82,
  })
  readonly score!: number;

  @ApiProperty({
    type: String,
    description: 'The part of the chunk that fits best.',
    example: 'The warranty lasts two years.',
  })
  readonly snippet!: string;

  @Int({ description: 'Where the chunk begins in the text of the document, in UTF-16 units.', min: 0, example: 0 })
  readonly start!: number;

  @Int({ description: 'Where it ends.', min: 0, example: 29 })
  readonly end!: number;
}

export class SearchResultDto {
  @ApiProperty({ type: FoundChunkDto, isArray: true, description: 'What was found, best first.' })
  readonly items!: readonly FoundChunkDto[];
}
