import { ApiProperty } from '@nestjs/swagger';
import { Choice, Flag, Id, Int, JsonValue, Text, Time } from '../../platform/http/fields.js';
import { pageOf } from '../../platform/http/page.js';
import { MAX_URL_LENGTH } from '../../security/egress/url-policy.js';
import type { ToolEffect, ToolRisk } from '../../tool/tool.js';
import type { DefinitionChange } from './definition-change.js';
import type { ApprovalWish } from './mcp-approvals.js';
import type { ServerToAdd } from './mcp-registry.js';
import type { McpServerChanges, McpTransport } from './mcp-server.js';
import type { ServerSummary, ServerView, ToolView } from './mcp-server-view.js';
import { SERVER_NAME, SERVER_NAME_HINT } from './server-name.js';
import { SERVER_STATUSES, type ServerStatus } from './server-standing.js';
import { TOOL_STATUSES, type ToolStatus } from './tool-standing.js';

const RISKS = ['low', 'medium', 'high'];

const name = {
  description: 'A short name; the tools of the server are called `name__tool`.',
  example: 'tickets',
  min: 1,
  max: 32,
  pattern: SERVER_NAME,
  patternHint: SERVER_NAME_HINT,
};
const url = {
  description: 'Where it answers Streamable HTTP: http or https, a public address.',
  example: 'https://mcp.example.com/mcp',
  min: 1,
  max: MAX_URL_LENGTH,
  pattern: /^https?:\/\//i,
  patternHint: 'must begin with http:// or https://',
};
const secretId = { description: 'A secret for the host of the URL, sent to it as a bearer token.' };

export class CreateMcpServerDto implements ServerToAdd {
  @Text(name)
  readonly name!: string;

  @Text(url)
  readonly url!: string;

  @Id({ ...secretId, optional: true })
  readonly secretId?: string;
}

/** What is absent stays; null takes the secret away. */
export class UpdateMcpServerDto implements McpServerChanges {
  @Text({ ...name, optional: true })
  readonly name?: string;

  @Text({ ...url, optional: true })
  readonly url?: string;

  @Id({ ...secretId, optional: true, nullable: true })
  readonly secretId?: string | null;
}

export class ApproveMcpToolDto implements ApprovalWish {
  @Text({
    description: '`hash` of the tool as you read it: it is approved only while it is still that.',
    min: 64,
    max: 64,
    pattern: /^[0-9a-f]{64}$/,
    patternHint: 'must be the hash of a tool',
    optional: true,
  })
  readonly hash?: string;

  @Choice(RISKS, {
    description:
      'How risky calling it is. Reading tools are medium and others at least that; destructive ones are high.',
    optional: true,
    example: 'low',
  })
  readonly risk?: ToolRisk;
}

/** Server and check without the tools. */
export class McpServerSummaryDto implements ServerSummary {
  @Id({ description: 'The server.' })
  readonly id!: string;

  @Text(name)
  readonly name!: string;

  @Choice(['http', 'stdio'], {
    description: '`stdio`: a process of the operator’s file, which cannot be changed here.',
    example: 'http',
  })
  readonly transport!: McpTransport;

  @Text({ ...url, optional: true })
  readonly url?: string;

  @Id({ ...secretId, optional: true })
  readonly secretId?: string;

  @Flag({ description: 'Whether its tools can be called.', example: true })
  readonly enabled!: boolean;

  @Choice(SERVER_STATUSES, {
    description: '`degraded`: it answers, but not all of it can be used, or it has not been asked yet.',
    example: 'ok',
  })
  readonly status!: ServerStatus;

  @Text({ description: 'What is wrong with it.', max: 2_000, optional: true })
  readonly error?: string;

  @Int({ description: 'How many tools it lists.', min: 0, example: 12 })
  readonly toolCount!: number;

  @Text({ description: 'The protocol it speaks.', max: 32, optional: true, example: '2026-07-28' })
  readonly protocolVersion?: string;

  @Time({ description: 'When it was last asked.', nullable: true })
  readonly lastCheckAt!: string | null;

  @Int({ description: 'How long it then took to list its tools.', nullable: true, example: 41 })
  readonly latencyMs!: number | null;

  @Time({ description: 'When it was registered.' })
  readonly createdAt!: string;

  @Time({ description: 'When it was last changed, enabled or disabled.' })
  readonly updatedAt!: string;
}

/** One place in which a tool is not what was approved. */
export class McpToolChangeDto implements DefinitionChange {
  @Text({ description: 'Where, as a JSON pointer into the definition.', max: 10_000, example: '/description' })
  readonly pointer!: string;

  @JsonValue({ description: 'What was approved; absent where there was nothing.', optional: true })
  readonly before?: unknown;

  @JsonValue({ description: 'What the server says now; absent where there is nothing any more.', optional: true })
  readonly after?: unknown;
}

export class McpToolDto implements ToolView {
  @Text({ description: 'What the server calls it.', max: 128, example: 'create_ticket' })
  readonly name!: string;

  @Text({ description: 'What models and workflows call it.', max: 64, example: 'tickets__create_ticket' })
  readonly offeredName!: string;

  @Choice(TOOL_STATUSES, {
    description:
      '`changed` and `new` ones cannot be called until they are approved; `removed` ones are not listed any more.',
    example: 'approved',
  })
  readonly status!: ToolStatus;

  @Text({ description: 'For people.', max: 128, example: 'Create a ticket' })
  readonly title!: string;

  @Text({ description: 'What the server says it does; untrusted.', max: 2_000 })
  readonly description!: string;

  @Choice(RISKS, { description: 'How risky a call is at least.', example: 'medium' })
  readonly risk!: ToolRisk;

  @Choice(['read', 'idempotent', 'once'], {
    description: 'What a second call does, as the server hints.',
    example: 'once',
  })
  readonly effect!: ToolEffect;

  @Text({ description: 'Of its definition as the server lists it now.', max: 64, optional: true })
  readonly hash?: string;

  @ApiProperty({
    type: McpToolChangeDto,
    isArray: true,
    required: false,
    description: 'What is different from what was approved.',
  })
  readonly diff?: readonly McpToolChangeDto[];

  @Text({ description: 'Why it cannot be approved.', max: 500, optional: true })
  readonly fault?: string;
}

export class McpServerDto extends McpServerSummaryDto implements ServerView {
  @ApiProperty({ type: McpToolDto, isArray: true, description: 'The tools it lists, and those it listed once.' })
  readonly tools!: readonly McpToolDto[];
}

export class McpServerPageDto extends pageOf(McpServerSummaryDto) {}
