import { Controller, Get, Headers, Query } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { Access } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import type { EventStream } from '../platform/http/event-stream.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import { WorkspaceEventDto, WorkspaceEventsQuery } from './workspace-event.dto.js';
import { WorkspaceEventService } from './workspace-event.service.js';
import { timeOf } from './workspace-event.js';

const EXAMPLE =
  'id: 1764288000000-run.ended-019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b\nevent: run.ended\ndata: {"type":"run.ended","at":"2025-11-28T00:00:00.000Z","id":"019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b","kind":"chat","status":"succeeded"}\n\n';

/** OpenAPI's types do not know all members of JSON Schema. */
const FRAMES = {
  type: 'string',
  description: 'Frames whose data is JSON: these members and those that belong to the type.',
  contentMediaType: 'application/json',
  contentSchema: { $ref: getSchemaPath(WorkspaceEventDto) },
};

@ApiTags('Events')
@Controller('events')
export class WorkspaceEventController {
  constructor(private readonly events: WorkspaceEventService) {}

  @Get()
  @Access('viewer', 'events:read')
  @ApiOperation({
    summary: 'Follow what happens in the workspace',
    description:
      'Runs, approvals, documents, tickets and workflows, as their lists show them. An API key with scopes is told of what it may list. The stream goes on until the server stops (`data: [DONE]`) or the reader leaves. An event may come twice, with the same id; of two changes of one thing within moments the first may be left out.',
    operationId: 'followWorkspace',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Id of the last event the reader has; goes before ?after.',
  })
  @ApiExtraModels(WorkspaceEventDto)
  @ApiOkResponse({
    description: 'The events, each `id:`, `event: <type>` and one `data:` line of JSON.',
    content: {
      'text/event-stream': {
        schema: FRAMES,
        example: EXAMPLE,
      },
    },
  })
  @ApiProblems(422)
  follow(
    @Caller() caller: Principal,
    @Query() { after }: WorkspaceEventsQuery,
    @Headers('last-event-id') lastEventId?: string,
  ): Promise<EventStream> {
    return this.events.stream(caller, startOf(lastEventId, after));
  }
}

function startOf(lastEventId: string | undefined, after: string | undefined): number | undefined {
  if (lastEventId) return timeOf(lastEventId, '/Last-Event-ID');
  return after === undefined ? undefined : timeOf(after, '/after');
}
