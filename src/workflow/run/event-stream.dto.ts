import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
import { Choice, Id, Int, JsonObject, JsonValue, Num, Text, TextList, Time } from '../../platform/http/fields.js';

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

  @Choice(['succeeded', 'failed'], { description: 'How it ended.', example: 'succeeded' })
  readonly status!: string;

  @Int({ description: 'Milliseconds.', example: 640 })
  readonly durationMs!: number;

  @JsonValue({ description: 'Its output, or the beginning of a long one.', optional: true })
  readonly output?: unknown;

  @JsonValue({ description: 'Why a node that decides decided as it did.', optional: true })
  readonly explanation?: unknown;
}

export class TokenEventDto extends EventDto {
  @type('token')
  readonly type!: string;

  @Text({ description: 'Text to append.', max: 262_144, example: 'Hel' })
  readonly content!: string;

  @Text({ description: 'The message it belongs to.', max: 200, example: 'model-1' })
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

  @Text({ description: 'The message to drop.', max: 200, example: 'model-1' })
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
}

export class ErrorEventDto extends EventDto {
  @type('error')
  readonly type!: string;

  @JsonObject({ description: 'What went wrong (RFC 9457).' })
  readonly problem!: object;
}

const EVENTS = [
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
