import { Injectable } from '@nestjs/common';
import { MessageSearchRepository } from '../conversation/message-search.repository.js';
import {
  KnowledgeSource,
  type Knowledge,
  type KnowledgeQuestion,
  type Passage,
} from '../knowledge/knowledge-source.js';

/** What was said in other conversations of the user. */
@Injectable()
@KnowledgeSource()
export class ConversationKnowledge implements Knowledge {
  constructor(private readonly messages: MessageSearchRepository) {}

  async search({ conversationId: except, ...question }: KnowledgeQuestion): Promise<readonly Passage[]> {
    const found = await this.messages.find({ ...question, except });
    return found.map(({ id, conversationId, title, content, score }) => ({
      title,
      text: content,
      score,
      source: { kind: 'conversation', conversationId, messageId: id },
    }));
  }
}
