import { ApiProperty } from '@nestjs/swagger';
import { Choice, Int, Nested, Time } from '../platform/http/fields.js';
import { ConversationDto } from './conversation.dto.js';
import { EXPORT_FORMATS, EXPORT_VERSION, type ExportFormat } from './export.service.js';
import { MessageDto } from './message.dto.js';

export class ExportQuery {
  @Choice(EXPORT_FORMATS, {
    description: 'json: the conversation and the messages of all branches. markdown: the active branch, to be read.',
    default: 'json',
    optional: true,
  })
  readonly format: ExportFormat = 'json';
}

/** The file of format json. */
export class ConversationExportDto {
  @Int({ description: 'Version of this form.', example: EXPORT_VERSION, min: 1 })
  readonly version!: number;

  @Time({ description: 'When it was written.' })
  readonly exportedAt!: string;

  @Nested(() => ConversationDto, { description: 'The conversation.' })
  readonly conversation!: ConversationDto;

  @ApiProperty({
    type: MessageDto,
    isArray: true,
    description: 'Messages of all branches, in the order of writing; the one a parentId names comes before.',
  })
  readonly messages!: readonly MessageDto[];
}
