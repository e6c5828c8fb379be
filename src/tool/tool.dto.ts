import { Choice, Flag, Id, Int, JsonObject, JsonValue, Nested, Text } from '../platform/http/fields.js';
import { pageOf } from '../platform/http/page.js';
import { RISKS, type Risk } from '../security/risk/risk.js';
import type { ToolDecision } from './access/tool-decision.js';
import { GRANT_LEVELS } from './grant/grant.js';
import { TOOL_CALL_STATUSES } from './ledger/tool-call.js';
import { TOOL_SOURCE_KINDS, type OfferedTool } from './tool-source.js';
import { TOOL_EFFECTS } from './tool.js';

const NAME = { description: 'The name that models and definitions use.', max: 64, example: 'calculator' };
const RISK = { description: 'How risky a call is: as declared, or as name and arguments say.', example: 'low' };
const NEEDS_APPROVAL = { description: 'Whether a person must approve each call.', example: false };
const REASON = {
  description: 'What decided, and what helps when it is a no.',
  max: 2_000,
  example: 'Every member may call "calculator", which only reads.',
};

class ToolSourceDto {
  @Choice(TOOL_SOURCE_KINDS, { description: 'What kind of source.', example: 'builtin' })
  readonly kind!: string;

  @Text({
    description: 'The MCP server or the workflow.',
    max: 64,
    optional: true,
    example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b',
  })
  readonly id?: string;

  @Text({ description: 'What that is called.', max: 200, optional: true, example: 'crm' })
  readonly name?: string;
}

class PermissionDto {
  @Choice(GRANT_LEVELS, { description: 'What the deciding grant gives you.', example: 'read' })
  readonly level!: string;

  @Flag({ description: 'Whether you may call it now.', example: true })
  readonly allowed!: boolean;

  @Flag(NEEDS_APPROVAL)
  readonly needsApproval!: boolean;

  @Text(REASON)
  readonly reason!: string;
}

export class ToolDto {
  @Text(NAME)
  readonly name!: string;

  @Text({ description: 'For people.', max: 200, example: 'Calculator' })
  readonly title!: string;

  @Text({ description: 'What it does and when to use it, as a model is told.', max: 10_000, example: 'Computes.' })
  readonly description!: string;

  @JsonObject({ description: 'JSON Schema of the arguments.', example: { type: 'object' } })
  readonly parameters!: object;

  @Nested(() => ToolSourceDto, { description: 'Where it comes from.' })
  readonly source!: ToolSourceDto;

  @Choice(RISKS, RISK)
  readonly risk!: Risk;

  @Choice(TOOL_EFFECTS, {
    description: 'What a repeated call does: only reads, comes to the same, or acts a second time.',
    example: 'read',
  })
  readonly effect!: string;

  @Flag({ description: 'Whether it is switched on here and can be reached.', example: true })
  readonly enabled!: boolean;

  @Nested(() => PermissionDto, { description: 'Whether you may call it.' })
  readonly permission!: PermissionDto;
}

export class ToolPageDto extends pageOf(ToolDto) {}

export class UpdateToolDto {
  @Flag({ description: 'Whether it can be called in this workspace.', example: false })
  readonly enabled!: boolean;
}

export class AccessCheckDto {
  @Text({ ...NAME, description: 'The tool.', min: 1 })
  readonly tool!: string;

  @Id({ description: 'Whose right, when not your own; only for admins.', optional: true })
  readonly userId?: string;

  @JsonObject({ description: 'What it would be called with.', optional: true, example: { expression: '2+2' } })
  readonly arguments?: Readonly<Record<string, unknown>>;
}

export class AccessDto {
  @Flag({ description: 'Whether the call would be let through now, or after an approval.', example: true })
  readonly allowed!: boolean;

  @Text(REASON)
  readonly reason!: string;

  @Choice(RISKS, RISK)
  readonly risk!: Risk;

  @Flag(NEEDS_APPROVAL)
  readonly needsApproval!: boolean;
}

export class InvokeToolDto {
  @JsonObject({ description: 'What it is called with, by its schema.', optional: true, example: { expression: '2+2' } })
  readonly arguments?: Readonly<Record<string, unknown>>;
}

export class ToolCallDto {
  @Text({
    description: 'The call, as audit and logs name it.',
    max: 2_000,
    example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b',
  })
  readonly callId!: string;

  @Choice(TOOL_CALL_STATUSES, { description: 'What came of it.', example: 'ok' })
  readonly status!: string;

  @JsonValue({ description: 'What the tool answered.', optional: true, example: { result: '4' } })
  readonly result?: unknown;

  @JsonObject({ description: 'Why it failed (RFC 9457).', optional: true })
  readonly problem?: object;

  @Int({ description: 'Milliseconds.', optional: true, example: 12 })
  readonly durationMs?: number;

  @JsonObject({
    description: 'What a person must decide first; the call is made by the run that it names.',
    optional: true,
  })
  readonly approval?: object;
}

/** The public form of a tool. */
export function toToolDto(tool: OfferedTool, decision: ToolDecision, isEnabled: boolean): ToolDto {
  const { name, title, description, parameters, source, effect, unavailable } = tool;
  const { risk, level, allowed, needsApproval, reason } = decision;
  const enabled = isEnabled && unavailable === undefined;
  const permission = { level, allowed, needsApproval, reason };
  return { name, title, description, parameters, source, risk, effect, enabled, permission };
}
