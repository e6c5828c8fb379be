import { Controller, Get, Query } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { Access } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { IdParam } from '../platform/http/id.pipe.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import { ConversationExportDto, ExportQuery } from './export.dto.js';
import { ExportService } from './export.service.js';

const EXAMPLE = '# Planning the launch\n\n## User, 2026-11-23T09:30:00.000Z\n\nAnd what about Tuesday?\n';

@ApiTags('Conversations')
@Controller('conversations/:id/export')
export class ExportController {
  constructor(private readonly exports: ExportService) {}

  @Get()
  @Access('viewer', 'conversations:read')
  @ApiOperation({
    summary: 'Download a conversation, as JSON or Markdown',
    description:
      'Any length; written while it is read, and a download that fails midway is cut, never ended. Markdown shows the content of messages unchanged: headings, HTML or unclosed fences in it are part of the text, so render it as you would any text of a stranger.',
    operationId: 'exportConversation',
  })
  @ApiExtraModels(ConversationExportDto)
  @ApiOkResponse({
    description: 'The file.',
    headers: {
      'Content-Disposition': {
        description: 'A file name made of the title.',
        schema: { type: 'string', example: `attachment; filename="Plans.md"; filename*=UTF-8''Plans.md` },
      },
    },
    content: {
      'application/json': { schema: { $ref: getSchemaPath(ConversationExportDto) } },
      'text/markdown': { schema: { type: 'string' }, example: EXAMPLE },
    },
  })
  @ApiProblems(422)
  export(@Caller() caller: Principal, @IdParam() id: string, @Query() { format }: ExportQuery): Promise<Response> {
    return this.exports.export(caller, id, format);
  }
}
