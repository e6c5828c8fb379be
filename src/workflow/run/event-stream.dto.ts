import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
import { Choice, Flag, Id, Int, JsonObject, JsonValue, Num, Text, TextList, Time } from '../../platform/http/fields.js';

/** The members of every event. */
class EventDto {
  @Int({ description: 'Number in the log, from 1 without gaps; the id of the frame.', example: 7 })
  readonly seq!: number;

  @Id({ description: 'The run.' })
  readonly runId!: string;

  @Time({ description: 'When it happened.' })
  readonly at!: string;

  @TextList({
    description: 'The node, and the children above it.',
    maxItems: 16,
    maxLength: 64,
    optional: true,
    example: ['model'],
  })
  readonly path?: readonly string[];
}

const type = (name: string) => Choice([name], { description: 'The type of the event.', example: name });

export class StartEventDto extends EventDto {
  @type('start')
  readonly type!: string;

  @Id({ description: 'The conversation.', optional: true })
  readonly conversationId?: string;

  @Id({ description: 'The stored user message.', optional: true })
  readonly userMessageId?: string;

  @JsonObject({ description: 'Name and version of the workflow.', example: { name: 'plain' } })
  readonly workflow!: object;

  @Int({ description: 'The attempt that began the run.', example: 1 })
  readonly attempt!: number;
}

export class NodeStartEventDto extends EventDto {
  @type('node_start')
  readonly type!: string;

  @Text({ description: 'The node.', max: 64, example: 'model' })
  readonly nodeId!: string;

  @Text({ description: 'Its type.', max: 64, example: 'model' })
  readonly nodeType!: string;

  @Text({ description: 'Its title.', max: 200, example: 'model' })
  readonly title!: string;
}

export class NodeEndEventDto extends EventDto {
  @type('node_end')
  readonly type!: string;

  @Text({ description: 'The node.', max: 64, example: 'model' })
  readonly nodeId!: string;

  @Text({ description: 'Its type.', max: 64, example: 'model' })
  readonly nodeType!: string;

  @Choice(['succeeded', 'failed', 'cancelled'], { description: 'How it ended.', example: 'succeeded' })
  readonly status!: string;

  @Int({ description: 'Milliseconds.', example: 640 })
  readonly durationMs!: number;

  @JsonValue({ description: 'Its output, or the beginning of a long one.', optional: true })
  readonly output?: unknown;

  @JsonObject({ description: 'Why it failed (RFC 9457).', optional: true })
  readonly problem?: object;

  @JsonValue({ description: 'Why a node that decides decided as it did.', optional: true })
  readonly explanation?: unknown;
}

export class TokenEventDto extends EventDto {
  @type('token')
  readonly type!: string;

  @Text({ description: 'Text to append.', max: 262_144, example: 'Hel' })
  readonly content!: string;

  @Text({ description: 'The message it belongs to; no other of the run has the same.', max: 1_200, example: 'model-1' })
  readonly messageKey!: string;
}

export class ThinkingEventDto extends EventDto {
  @type('thinking')
  readonly type!: string;

  @Text({
    description: 'What the model thinks aloud; not part of the answer.',
    max: 262_144,
    example: 'The user greets.',
  })
  readonly content!: string;
}

export class ResetEventDto extends EventDto {
  @type('reset')
  readonly type!: string;

  @Text({ description: 'The message to drop.', max: 1_200, example: 'model-1' })
  readonly messageKey!: string;

  @Int({ description: 'Drop what came for it since this event.', example: 4 })
  readonly fromSeq!: number;

  @Text({ description: 'Why it is asked again.', max: 200, example: 'resumed' })
  readonly reason!: string;
}

export class NoteEventDto extends EventDto {
  @type('note')
  readonly type!: string;

  @Text({ description: 'What it is about.', max: 64, example: 'resumed' })
  readonly code!: string;

  @Text({ description: 'A sentence.', max: 2000, example: 'Attempt 2 goes on where the last one was cut.' })
  readonly detail!: string;

  @Int({ description: 'Of `cache-hit`: milliseconds since the answer was given.', min: 0, optional: true })
  readonly ageMs?: number;
}

export class UsageEventDto extends EventDto {
  @type('usage')
  readonly type!: string;

  @Int({ description: 'Tokens read.', example: 42 })
  readonly inputTokens!: number;

  @Int({ description: 'Tokens written.', example: 128 })
  readonly outputTokens!: number;

  @Int({ description: 'Sum of both.', example: 170 })
  readonly totalTokens!: number;

  @Num({ description: 'US dollars; null when the price is not known.', nullable: true, example: 0.00042 })
  readonly cost!: number | null;

  @Text({ description: 'provider:model', max: 200, example: 'scripted:default' })
  readonly model!: string;

  @Flag({
    description: 'Counted here: the provider did not say, or the call broke off.',
    optional: true,
    example: true,
  })
  readonly estimated?: boolean;
}

export class CompleteEventDto extends EventDto {
  @type('complete')
  readonly type!: string;

  @JsonValue({ description: 'The output of the run.', example: { text: 'Hello.' } })
  readonly output!: unknown;

  @JsonObject({ description: 'The stored assistant message, of a chat turn.', optional: true })
  readonly message?: object;

  @JsonObject({
    description: 'Tokens of all model calls.',
    nullable: true,
    example: { inputTokens: 42, outputTokens: 128, totalTokens: 170 },
  })
  readonly usage!: object | null;

  @Num({ description: 'US dollars; null when a price is not known.', nullable: true, example: 0.00042 })
  readonly cost!: number | null;

  @Int({ description: 'Milliseconds.', example: 812 })
  readonly durationMs!: number;

  @Text({ description: 'Why the model stopped.', max: 64, optional: true, example: 'stop' })
  readonly finishReason?: string;

  @Flag({ description: 'The result came from the cache: no model was asked.', optional: true, example: true })
  readonly cached?: boolean;

  @Int({ description: 'Of a cached result: milliseconds since a model was asked.', min: 0, optional: true })
  readonly cacheAgeMs?: number;
}

export class ErrorEventDto extends EventDto {
  @type('error')
  readonly type!: string;

  @JsonObject({ description: 'What went wrong (RFC 9457).' })
  readonly problem!: object;
}

export class ToolCallEventDto extends EventDto {
  @type('tool_call')
  readonly type!: string;

  @Text({ description: 'The call.', max: 2_000, example: 'agent:1.1' })
  readonly callId!: string;

  @Text({ description: 'The tool.', max: 128, example: 'calculator' })
  readonly tool!: string;

  @JsonObject({ description: 'What it is called with.', example: { expression: '2+2' } })
  readonly arguments!: object;

  @Choice(['low', 'medium', 'high'], { description: 'How risky the call is.', example: 'low' })
  readonly risk!: string;
}

export class ToolResultEventDto extends EventDto {
  @type('tool_result')
  readonly type!: string;

  @Text({ description: 'The call.', max: 2_000, example: 'agent:1.1' })
  readonly callId!: string;

  @Choice(['ok', 'error', 'denied', 'awaiting_approval', 'in_doubt'], { description: 'How it ended.', example: 'ok' })
  readonly status!: string;

  @JsonValue({ description: 'What the tool answered.', optional: true, example: { result: '4' } })
  readonly result?: unknown;

  @JsonObject({ description: 'Why it failed or was denied (RFC 9457).', optional: true })
  readonly problem?: object;

  @Int({ description: 'Milliseconds.', example: 12 })
  readonly durationMs!: number;
}

export class ApprovalRequiredEventDto extends EventDto {
  @type('approval_required')
  readonly type!: string;

  @Id({ description: 'The approval; decide it at POST /approvals/{id}/decision.' })
  readonly approvalId!: string;

  @Text({ description: 'What is to be decided.', max: 500, example: 'Publish the article?' })
  readonly title!: string;

  @Text({ description: 'What there is to know about it.', max: 20_000, optional: true })
  readonly detail?: string;

  @Text({ description: 'The tool call it is about.', max: 2_000, optional: true })
  readonly callId?: string;

  @Text({ description: 'The tool.', max: 128, optional: true })
  readonly tool?: string;

  @JsonObject({ description: 'What the tool would be called with.', optional: true })
  readonly arguments?: object;

  @Text({ description: 'How risky the call is.', max: 16, optional: true })
  readonly risk?: string;

  @Time({ description: 'Until when it can be decided.' })
  readonly expiresAt!: string;
}

export class ApprovalDecidedEventDto extends EventDto {
  @type('approval_decided')
  readonly type!: string;

  @Id({ description: 'The approval.' })
  readonly approvalId!: string;

  @Choice(['approved', 'denied', 'expired', 'cancelled'], { description: 'What became of it.', example: 'approved' })
  readonly decision!: string;

  @Flag({ description: 'Whether the run goes on as approved.', example: true })
  readonly approved!: boolean;

  @Id({ description: 'Who decided.', optional: true })
  readonly by?: string;

  @Text({ description: 'Why.', max: 2_000, optional: true })
  readonly reason?: string;
}

export class SourceEventDto extends EventDto {
  @type('source')
  readonly type!: string;

  @Int({ description: 'Its number in citations.', example: 1 })
  readonly index!: number;

  @Text({ description: 'The document.', max: 200, example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' })
  readonly documentId!: string;

  @Text({ description: 'Its title.', max: 500, example: 'Handbook' })
  readonly title!: string;

  @Text({ description: 'Where it is.', max: 2_000, optional: true })
  readonly uri?: string;

  @Num({ description: 'How well it fits; higher is better.', example: 0.82 })
  readonly score!: number;

  @Text({ description: 'The passage, or its beginning.', max: 2_000, example: 'Employees have 30 days of leave.' })
  readonly snippet!: string;
}

export class ChildStartEventDto extends EventDto {
  @type('child_start')
  readonly type!: string;

  @Id({ description: 'The child run.' })
  readonly childRunId!: string;

  @Int({ description: 'Its place in the list of children.', example: 0 })
  readonly index!: number;

  @Choice(['running'], { description: 'Where it stands.', example: 'running' })
  readonly status!: string;
}

export class ChildEndEventDto extends EventDto {
  @type('child_end')
  readonly type!: string;

  @Id({ description: 'The child run.' })
  readonly childRunId!: string;

  @Int({ description: 'Its place in the list of children.', example: 0 })
  readonly index!: number;

  @Choice(['succeeded', 'failed', 'timedOut', 'cancelled'], { description: 'How it ended.', example: 'succeeded' })
  readonly status!: string;

  @Int({ description: 'Milliseconds.', example: 640 })
  readonly durationMs!: number;

  @JsonObject({ description: 'Why it did not succeed (RFC 9457).', optional: true })
  readonly problem?: object;
}

const EVENTS = [
  ToolCallEventDto,
  ToolResultEventDto,
  ApprovalRequiredEventDto,
  ApprovalDecidedEventDto,
  SourceEventDto,
  ChildStartEventDto,
  ChildEndEventDto,
  StartEventDto,
  NodeStartEventDto,
  NodeEndEventDto,
  TokenEventDto,
  ThinkingEventDto,
  ResetEventDto,
  NoteEventDto,
  UsageEventDto,
  CompleteEventDto,
  ErrorEventDto,
];

/** The schema of any event, by its `type`. */
export const runEventSchema = { oneOf: EVENTS.map((event) => ({ $ref: getSchemaPath(event) })) };

const EXAMPLE =
  'id: 1\ndata: {"type":"start","seq":1,...}\n\nid: 2\ndata: {"type":"token","seq":2,"content":"Hello",...}\n\ndata: [DONE]\n\n';

/** Documents an answer that is an event stream or, without that Accept, JSON of the given class. */
export const ApiEventStream = (json: Type) =>
  applyDecorators(
    ApiExtraModels(json, ...EVENTS),
    ApiOkResponse({
      description: 'The events, each `id: <seq>` and one `data:` line of JSON; `data: [DONE]` at the end.',
      content: {
        'application/json': { schema: { $ref: getSchemaPath(json) } },
        'text/event-stream': {
          schema: { type: 'string', description: 'Frames whose data is a RunEvent.' },
          example: EXAMPLE,
        },
      },
    }),
  );
