import { Injectable } from '@nestjs/common';
import { ReadableStream } from 'node:stream/web';
import { Clock } from '../platform/clock/clock.js';
import { attachment } from '../platform/http/attachment.js';
import type { Principal } from '../platform/http/principal.js';
import { toConversation } from './conversation.js';
import type { ConversationEntity } from './conversation.entity.js';
import { noConversation } from './conversation.errors.js';
import { markdownOf, markdownTitle } from './conversation-markdown.js';
import { ConversationRepository } from './conversation.repository.js';
import { toMessage, type Message } from './message.js';
import { MessageRepository } from './message.repository.js';

export const EXPORT_FORMATS = ['json', 'markdown'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Counts up when the JSON form changes in a way that its readers must know of. */
export const EXPORT_VERSION = 1;

/** Messages that are in memory at once. */
const BATCH = 100;

/**
 * A conversation as a file, written as it is read. Nothing is locked meanwhile: the file has the messages that were
 * there at its beginning, without those that are deleted before their turn.
 */
@Injectable()
export class ExportService {
  constructor(
    private readonly conversations: ConversationRepository,
    private readonly messages: MessageRepository,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem not-found */
  async export(caller: Principal, id: string, format: ExportFormat): Promise<Response> {
    const conversation = await this.conversations.find({ workspaceId: caller.workspaceId, id });
    if (!conversation) throw noConversation(id);
    return format === 'json'
      ? download(this.json(conversation), conversation, 'application/json; charset=utf-8', 'json')
      : download(this.markdown(conversation), conversation, 'text/markdown; charset=utf-8', 'md');
  }

  /** The whole tree, in the order of writing: the message a `parentId` names comes before. */
  private async *json(row: ConversationEntity): AsyncGenerator<string> {
    const head = {
      version: EXPORT_VERSION,
      exportedAt: this.clock.now().toISOString(),
      conversation: toConversation(row),
    };
    yield `${JSON.stringify(head).slice(0, -1)},"messages":[`;
    let separator = '\n';
    for await (const messages of this.tree(row)) {
      if (messages.length === 0) continue;
      yield separator + messages.map((message) => JSON.stringify(message)).join(',\n');
      separator = ',\n';
    }
    yield '\n]}\n';
  }

  /** The active branch. */
  private async *markdown(row: ConversationEntity): AsyncGenerator<string> {
    yield markdownTitle(toConversation(row));
    for await (const messages of this.branch(row)) yield messages.map(markdownOf).join('');
  }

  private async *tree({ workspaceId, id, lastSequence }: ConversationEntity): AsyncGenerator<readonly Message[]> {
    const thread = { workspaceId, conversationId: id };
    for (let after = 0; after < lastSequence;) {
      const rows = await this.messages.between(thread, after, lastSequence, BATCH);
      yield rows.map(toMessage);
      after = rows.at(-1)?.sequence ?? lastSequence;
    }
  }

  private async *branch({ workspaceId, id, activeMessageId }: ConversationEntity): AsyncGenerator<readonly Message[]> {
    if (activeMessageId === null) return;
    const thread = { workspaceId, conversationId: id };
    const path = await this.messages.path(thread, activeMessageId);
    for (let start = 0; start < path.length; start += BATCH) {
      const ids = path.slice(start, start + BATCH).map((message) => message.id);
      yield (await this.messages.these(thread, ids)).map(toMessage);
    }
  }
}

function download(
  text: AsyncGenerator<string>,
  { title }: ConversationEntity,
  type: string,
  extension: string,
): Response {
  const body = ReadableStream.from(encoded(text)) as ConstructorParameters<typeof Response>[0];
  const headers = {
    'Content-Type': type,
    'Content-Disposition': attachment(title, extension),
    'Cache-Control': 'no-store',
  };
  return new Response(body, { headers });
}

async function* encoded(text: AsyncGenerator<string>): AsyncGenerator<Uint8Array> {
  for await (const part of text) if (part !== '') yield Buffer.from(part);
}
