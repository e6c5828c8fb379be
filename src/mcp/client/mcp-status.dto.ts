import { ApiProperty } from '@nestjs/swagger';
import { Choice, Id, Int, Text, Time } from '../../platform/http/fields.js';
import type { McpTransport } from './mcp-server.js';
import type { McpStatus } from './mcp-status.js';
import { SERVER_STATUSES, type OverallStatus, type ServerStanding, type ServerStatus } from './server-standing.js';

export class McpServerStatusDto implements ServerStanding {
  @Id({ description: 'The server.' })
  readonly id!: string;

  @Text({ description: 'Before the names of its tools.', max: 32, example: 'tickets' })
  readonly name!: string;

  @Choice(['http', 'stdio'], { description: 'How it is reached.', example: 'http' })
  readonly transport!: McpTransport;

  @Choice(SERVER_STATUSES, {
    description: '`degraded`: it answers, but not all of it can be used, or it has not been asked yet.',
    example: 'ok',
  })
  readonly status!: ServerStatus;

  @Int({ description: 'How many tools it lists.', min: 0, example: 12 })
  readonly tools!: number;

  @Time({ description: 'When it was last asked.', nullable: true })
  readonly lastCheckAt!: string | null;

  @Int({ description: 'How long it then took to list its tools.', nullable: true, example: 41 })
  readonly latencyMs!: number | null;

  @Text({ description: 'What is wrong with it.', max: 2_000, optional: true })
  readonly error?: string;
}

export class McpStatusDto implements McpStatus {
  @Choice(['ok', 'degraded', 'down'], {
    description: 'Of all servers that are enabled: `down` when none can be reached, `ok` when there are none.',
    example: 'ok',
  })
  readonly status!: OverallStatus;

  @ApiProperty({ type: McpServerStatusDto, isArray: true, description: 'By name, at most 200.' })
  readonly servers!: readonly McpServerStatusDto[];

  @Time({ description: 'When this was put together.' })
  readonly checkedAt!: string;
}
