import { ApiProperty } from '@nestjs/swagger';
import { Choice, Id, Int, JsonObject, JsonValue, Nested, Text, Time } from '../../platform/http/fields.js';
import { pageOf, PageQuery } from '../../platform/http/page.js';
import type { ProblemBody } from '../../platform/problem/problem.js';
import { COLLECTION_NAME } from '../collection/collection.dto.js';
import { DOCUMENT_STATUSES, type DocumentStatus, type KnowledgeDocument } from './document.js';
import type { DocumentInput } from './document.service.js';
import type { ChunkRow } from './document.repository.js';

const title = { description: 'What it is called.', min: 1, max: 500, example: 'Handbook' };

export class CreateDocumentDto implements DocumentInput {
  @Text({ ...title, description: 'What it is called; the name of the file when one is sent.', optional: true })
  readonly title?: string;

  @Text({
    description: 'Its text, plain or Markdown, when no file is sent.',
    min: 1,
    max: 1_000_000,
    optional: true,
    example: '# Warranty\n\nThe warranty lasts two years.',
  })
  readonly content?: string;

  @Text({
    description: 'The collection it goes to, made when missing.',
    ...COLLECTION_NAME,
    default: 'default',
    optional: true,
  })
  readonly collection?: string;

  @JsonObject({
    description: 'Anything of your own; searches can ask for it. In a multipart body as JSON text.',
    maxBytes: 16_384,
    optional: true,
    example: { department: 'sales' },
  })
  readonly metadata?: object;

  @Text({
    description: 'The file (pdf, docx, html, md, txt, csv or json), in a multipart body only.',
    max: 64,
    optional: true,
  })
  readonly file?: string;
}

export class ListDocumentsQuery extends PageQuery {
  @Choice(DOCUMENT_STATUSES, { description: 'Only those with this status.', optional: true })
  readonly status?: DocumentStatus;

  @Text({ description: 'Only those of this collection.', ...COLLECTION_NAME, optional: true })
  readonly collection?: string;
}

export class DocumentProgressDto {
  @Int({ description: 'Chunks that are embedded.', example: 64, min: 0 })
  readonly done!: number;

  @Int({ description: 'All of them.', example: 128, min: 0 })
  readonly total!: number;
}

/** What is unset is absent. */
export class DocumentDto implements KnowledgeDocument {
  @Id({ description: 'Id of the document.' })
  readonly id!: string;

  @Text(title)
  readonly title!: string;

  @Text({ description: 'The collection it is in.', ...COLLECTION_NAME })
  readonly collection!: string;

  @Choice(DOCUMENT_STATUSES, { description: 'How far it is. What is ready is found.', example: 'ready' })
  readonly status!: DocumentStatus;

  @ApiProperty({ type: String, description: 'What kind of file it says it is.', example: 'application/pdf' })
  readonly mediaType!: string;

  @Int({ description: 'Size.', example: 48_213, min: 0 })
  readonly bytes!: number;

  @Int({ description: 'Chunks it is found by, once it was ready.', example: 128, min: 0, optional: true })
  readonly chunks?: number;

  @Nested(() => DocumentProgressDto, { description: 'While it is processed.', optional: true })
  readonly progress?: DocumentProgressDto;

  @JsonValue({
    description: 'Why it failed (RFC 9457).',
    optional: true,
    example: {
      type: '/problems/document-unreadable',
      title: 'Document unreadable',
      status: 422,
      detail: 'The PDF is encrypted. Save it without a password.',
    },
  })
  readonly problem?: ProblemBody;

  @JsonObject({ description: 'As given.', example: { department: 'sales' } })
  readonly metadata!: object;

  @Time({ description: 'When it was taken in.' })
  readonly createdAt!: string;

  @Time({ description: 'When its status changed.' })
  readonly updatedAt!: string;
}

export class DocumentPageDto extends pageOf(DocumentDto) {}

export class ChunkDto implements ChunkRow {
  @Id({ description: 'Id of the chunk; another once the document is processed again.' })
  readonly id!: string;

  @Int({ description: 'Its place in the document, from 0.', example: 0, min: 0 })
  readonly position!: number;

  @ApiProperty({ type: String, description: 'The headings it stands under, as "A > B".', example: 'Warranty > Length' })
  readonly heading!: string;

  @Int({ description: 'Where it begins in the text of the document, in UTF-16 units.', example: 0, min: 0 })
  readonly start!: number;

  @Int({ description: 'Where it ends.', example: 29, min: 0 })
  readonly end!: number;

  @ApiProperty({ type: String, description: 'The text.', example: 'The warranty lasts two years.' })
  readonly text!: string;
}

export class ChunkPageDto extends pageOf(ChunkDto) {}
