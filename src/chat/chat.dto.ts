import { ApiProperty } from '@nestjs/swagger';
import { ApprovalDto } from '../workflow/approval/approval.dto.js';
import { ConversationDto } from '../conversation/conversation.dto.js';
import { MessageDto } from '../conversation/message.dto.js';
import { Choice, Flag, Id, IdList, Int, JsonObject, Nested, Num, Text, TextList } from '../platform/http/fields.js';
import { MAX_MESSAGE } from '../workflow/definition/input-message.js';
import { RunDto, RunLimitsDto } from '../workflow/run/run.dto.js';

const stream = {
  description: 'Answer as an event stream; so does Accept: text/event-stream.',
  optional: true,
  example: false,
};

export class ChatRequestDto {
  @Text({ description: 'What the user says.', min: 1, max: MAX_MESSAGE, example: 'Hello! What can you do?' })
  readonly message!: string;

  @Id({ description: 'The conversation to go on with; a new one when absent.', optional: true })
  readonly conversationId?: string;

  @Text({
    description:
      'plain (alias basic), rag, tools, full, a template, or a workflow by name or id, optionally "@version". By default the conversation’s, else plain.',
    min: 1,
    max: 200,
    optional: true,
    example: 'plain',
  })
  readonly workflow?: string;

  @Flag(stream)
  readonly stream?: boolean;

  @Text({
    description: 'provider:model. By default the conversation’s, else the server’s.',
    min: 1,
    max: 200,
    optional: true,
    example: 'scripted:default',
  })
  readonly model?: string;

  @Text({
    description: 'What the model is told before everything else. By default the conversation’s.',
    min: 1,
    max: 20_000,
    optional: true,
    example: 'Answer briefly.',
  })
  readonly systemMessage?: string;

  @Num({ description: 'Randomness of the answer.', min: 0, max: 2, optional: true, example: 0.7 })
  readonly temperature?: number;

  @Int({ description: 'Most tokens of the answer.', min: 1, max: 1_000_000, optional: true, example: 500 })
  readonly maxTokens?: number;

  @Int({ description: 'How many earlier messages the model is given.', min: 1, max: 100, optional: true, example: 20 })
  readonly memoryWindow?: number;

  @TextList({ description: 'Names of the tools that may be used.', maxItems: 100, maxLength: 128, optional: true })
  readonly tools?: readonly string[];

  @TextList({ description: 'Names of the collections to search.', maxItems: 100, maxLength: 128, optional: true })
  readonly collections?: readonly string[];

  @IdList({ description: 'The documents to search.', maxItems: 100, optional: true })
  readonly documentIds?: readonly string[];

  @JsonObject({ description: 'Inputs of the template or workflow.', optional: true })
  readonly parameters?: Readonly<Record<string, unknown>>;

  @Nested(() => RunLimitsDto, { description: 'Lower limits for this run.', optional: true })
  readonly limits?: RunLimitsDto;

  @Choice(['reject', 'enqueue', 'interrupt'], {
    description: 'When a run holds the conversation: refuse (409), wait for its end, or cancel it.',
    optional: true,
    default: 'reject',
    example: 'reject',
  })
  readonly onBusy?: 'reject' | 'enqueue' | 'interrupt';

  @Choice(['continue', 'cancel'], {
    description: 'When the client leaves before the end: go on, or cancel the run.',
    optional: true,
    default: 'continue',
    example: 'continue',
  })
  readonly onDisconnect?: 'continue' | 'cancel';

  @JsonObject({ description: 'Kept with the run, which shows it.', optional: true, example: { ticket: 42 } })
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export class RegenerateRequestDto {
  @Flag(stream)
  readonly stream?: boolean;

  @Text({
    description: 'provider:model, for this answer only. By default the conversation’s, else the server’s.',
    min: 1,
    max: 200,
    optional: true,
    example: 'scripted:default',
  })
  readonly model?: string;
}

export class ChatReplyDto {
  @Nested(() => ConversationDto, { description: 'The conversation after the turn.' })
  readonly conversation!: ConversationDto;

  @Nested(() => MessageDto, { description: 'The assistant’s message; absent while the turn waits.', optional: true })
  readonly message?: MessageDto;

  @Nested(() => RunDto, { description: 'The run that made it.' })
  readonly run!: RunDto;

  @ApiProperty({
    type: () => [ApprovalDto],
    required: false,
    description: 'What a person must decide before the turn goes on (status 202).',
  })
  readonly approvals?: readonly ApprovalDto[];
}
