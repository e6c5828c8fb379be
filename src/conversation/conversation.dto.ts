import { ApiProperty } from '@nestjs/swagger';
import { Choice, Id, Int, JsonObject, Nested, QueryFlag, Text, TextList, Time } from '../platform/http/fields.js';
import { pageOf, PageQuery } from '../platform/http/page.js';
import { ACTIVE_RUN_STATUSES, type ActiveRun } from './activity-source.js';
import type { Conversation, ConversationChanges, ConversationDetail } from './conversation.js';
import { CONVERSATION_SORTS } from './conversation-list.repository.js';
import { MAX_TITLE } from './conversation-title.js';
import { CONVERSATION_STATUSES, type ConversationStatus } from './conversation.entity.js';

const MAX_TAGS = { maxItems: 32, maxLength: 64 };
const MAX_METADATA_BYTES = 16 * 1024;

const title = { description: 'What lists show.', example: 'Planning the launch', min: 1, max: MAX_TITLE };
const systemMessage = {
  description: 'Told to the model before every turn.',
  example: 'Answer briefly.',
  min: 1,
  max: 20_000,
};
const model = {
  description: 'Model of its turns, provider:model; absent for the default.',
  example: 'openai:gpt-4o-mini',
  min: 1,
  max: 200,
};
const workflow = {
  description: 'Workflow of its turns: a mode, a template, or a name or id of a workflow.',
  example: 'plain',
  min: 1,
  max: 200,
};
const tags = { description: 'Labels to filter by.', example: ['launch'], ...MAX_TAGS };
const metadata = { description: "The client's own data, at most 16 KB as JSON.", example: { ticket: 4711 } };
const status = {
  description: 'Archived conversations are kept and can be continued; lists can leave them out.',
  example: 'active',
};

export class CreateConversationDto {
  @Text({ ...title, description: 'What lists show; "New conversation" when absent.', optional: true })
  readonly title?: string;

  @Text({ ...systemMessage, optional: true })
  readonly systemMessage?: string;

  @Text({ ...model, optional: true })
  readonly model?: string;

  @Text({ ...workflow, optional: true })
  readonly workflow?: string;

  @TextList({ ...tags, optional: true })
  readonly tags?: string[];

  @JsonObject({ ...metadata, maxBytes: MAX_METADATA_BYTES, optional: true })
  readonly metadata?: Record<string, unknown>;
}

/** What is absent stays; null clears what can be absent. */
export class UpdateConversationDto implements ConversationChanges {
  @Text({ ...title, optional: true })
  readonly title?: string;

  @Choice(CONVERSATION_STATUSES, { ...status, optional: true })
  readonly status?: ConversationStatus;

  @Text({ ...systemMessage, optional: true, nullable: true })
  readonly systemMessage?: string | null;

  @Text({ ...model, optional: true, nullable: true })
  readonly model?: string | null;

  @Text({ ...workflow, optional: true, nullable: true })
  readonly workflow?: string | null;

  @TextList({ ...tags, optional: true, nullable: true })
  readonly tags?: string[] | null;

  @JsonObject({ ...metadata, maxBytes: MAX_METADATA_BYTES, optional: true, nullable: true })
  readonly metadata?: Record<string, unknown> | null;
}

export class ForkConversationDto {
  @Id({ description: 'The last message to copy; absent for the whole active branch.', optional: true })
  readonly messageId?: string;

  @Text({ ...title, description: 'Title of the fork; that of the original with "(fork)" when absent.', optional: true })
  readonly title?: string;
}

export class ListConversationsQuery extends PageQuery {
  @Text({
    description: 'Words to find in the title or in one message: all of them, "a phrase", one `or` another, -not this.',
    example: 'launch plan',
    min: 1,
    max: 200,
    optional: true,
  })
  readonly query?: string;

  @Choice(CONVERSATION_STATUSES, { description: 'Only these.', optional: true })
  readonly status?: ConversationStatus;

  @Text({ description: 'Only those with this tag.', min: 1, max: MAX_TAGS.maxLength, optional: true })
  readonly tag?: string;

  @Choice(CONVERSATION_SORTS, {
    description:
      'Order; a minus sorts downwards. One without messages counts as of its creation in lastMessageAt; titles compare without case by their first 40 characters.',
    default: '-updatedAt',
    optional: true,
  })
  readonly sort: string = '-updatedAt';
}

export class DeleteConversationQuery {
  @QueryFlag({
    description: 'Remove it and all that belongs to it for good, also when it was deleted before.',
    default: false,
    optional: true,
  })
  readonly purge: boolean = false;
}

/** What is unset is absent, never null. */
export class ConversationDto implements Conversation {
  @Id({ description: 'Id of the conversation.' })
  readonly id!: string;

  @Text(title)
  readonly title!: string;

  @Choice(CONVERSATION_STATUSES, status)
  readonly status!: ConversationStatus;

  @Text({ ...systemMessage, optional: true })
  readonly systemMessage?: string;

  @Text({ ...model, optional: true })
  readonly model?: string;

  @Text({ ...workflow, optional: true })
  readonly workflow?: string;

  @TextList(tags)
  readonly tags!: readonly string[];

  @JsonObject(metadata)
  readonly metadata!: Readonly<Record<string, unknown>>;

  @ApiProperty({
    type: String,
    required: false,
    description: 'What the messages up to summarisedUpTo said, as the model is told.',
  })
  readonly summary?: string;

  @Id({ description: 'The last message that summary covers.', optional: true })
  readonly summarisedUpTo?: string;

  @Int({ description: 'Messages of all branches, without deleted ones.', example: 2, min: 0 })
  readonly messageCount!: number;

  @Time({ description: 'When the last message was written.', optional: true })
  readonly lastMessageAt?: string;

  @Time({ description: 'When it was created.' })
  readonly createdAt!: string;

  @Time({ description: 'When it, or its messages, last changed.' })
  readonly updatedAt!: string;
}

class ActiveRunDto implements ActiveRun {
  @Id({ description: 'Id of the run.' })
  readonly id!: string;

  @Choice(ACTIVE_RUN_STATUSES, { description: 'How far it is.', example: 'running' })
  readonly status!: ActiveRun['status'];
}

export class ConversationDetailDto extends ConversationDto implements ConversationDetail {
  @Nested(() => ActiveRunDto, {
    description: 'The run that holds the conversation: until it ends, no other begins here.',
    optional: true,
  })
  readonly activeRun?: ActiveRunDto;
}

export class ConversationPageDto extends pageOf(ConversationDto) {}
