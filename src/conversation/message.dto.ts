import { ApiProperty } from '@nestjs/swagger';
import { Choice, Id, Int, JsonValue, Nested, Num, Text, Time } from '../platform/http/fields.js';
import { pageOf, PageQuery } from '../platform/http/page.js';
import type { Message } from './message.js';
import { MESSAGE_ROLES, type MessageRole, type MessageUsage } from './message.entity.js';

const content = { description: 'What the user says.', example: 'And what about Tuesday?', min: 1, max: 10_000 };

export class CreateMessageDto {
  @Text(content)
  readonly content!: string;
}

export class EditMessageDto {
  @Text({ ...content, description: 'What the user says instead.' })
  readonly content!: string;
}

export class RateMessageDto {
  @Int({ description: 'From 0 (useless) to 5 (excellent).', example: 5, min: 0, max: 5 })
  readonly rating!: number;
}

/** A cursor keeps to the branch, and its end, that the first page showed. */
export class ListMessagesQuery extends PageQuery {
  @Id({
    description:
      'Show the branch through this message instead of the active one: from the root to it, and on by the newest message at every fork.',
    optional: true,
  })
  readonly branch?: string;
}

export class MessageUsageDto implements MessageUsage {
  @Int({ description: 'Tokens the model read.', example: 120, min: 0 })
  readonly inputTokens!: number;

  @Int({ description: 'Tokens the model wrote.', example: 48, min: 0 })
  readonly outputTokens!: number;

  @Int({ description: 'Both together.', example: 168, min: 0 })
  readonly totalTokens!: number;
}

/** What is unset is absent, never null; only a first message's `parentId` is null. */
export class MessageDto implements Message {
  @Id({ description: 'Id of the message.' })
  readonly id!: string;

  @Id({ description: 'The conversation it belongs to.' })
  readonly conversationId!: string;

  @Id({ description: 'The message before it on its branch; null for the first.', nullable: true })
  readonly parentId!: string | null;

  @Choice(MESSAGE_ROLES, { description: 'Who speaks.', example: 'assistant' })
  readonly role!: MessageRole;

  @ApiProperty({ type: String, description: 'The text.', example: 'Tuesday works as well.' })
  readonly content!: string;

  @Int({
    description: 'Order of writing within the conversation, from 1; all branches share one count.',
    example: 2,
    min: 1,
  })
  readonly sequence!: number;

  @Id({ description: 'The run it asked for, or that wrote it.', optional: true })
  readonly runId?: string;

  @ApiProperty({
    type: String,
    required: false,
    description: 'The model that wrote it.',
    example: 'openai:gpt-4o-mini',
  })
  readonly model?: string;

  @Nested(() => MessageUsageDto, { description: 'Tokens it took.', optional: true })
  readonly usage?: MessageUsageDto;

  @Num({ description: 'Cost in US dollars; absent when no price is known.', example: 0.00042, min: 0, optional: true })
  readonly cost?: number;

  @ApiProperty({ type: String, required: false, description: 'Why the model stopped.', example: 'stop' })
  readonly finishReason?: string;

  @JsonValue({ description: 'Sources the text cites.', optional: true })
  readonly citations?: unknown;

  @JsonValue({
    description:
      'Tools called for it, at most a hundred: callId, tool, arguments unless longer than 8,192 characters, risk, status and durationMs. The results are in the log of its run.',
    optional: true,
  })
  readonly toolCalls?: unknown;

  @Int({ description: "The readers' rating.", example: 5, min: 0, max: 5, optional: true })
  readonly rating?: number;

  @Int({ description: 'Milliseconds its run took.', example: 1240, min: 0, optional: true })
  readonly durationMs?: number;

  @Time({ description: 'When it was written.' })
  readonly createdAt!: string;
}

export class MessagePageDto extends pageOf(MessageDto) {}
