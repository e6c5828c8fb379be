import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { Redactor } from '../security/redaction/workspace.redactor.js';
import { ConversationRepository } from './conversation.repository.js';
import { toMessage, type Message } from './message.js';
import type { Thread } from './message.repository.js';
import { SummaryRepository, type NewSummary, type Summary } from './summary.repository.js';

/** What a summary does not tell yet. */
export interface UntoldMessages {
  readonly summary?: Summary;
  /** The first of them, oldest first. */
  readonly messages: readonly Message[];
  /** How many there are. */
  readonly total: number;
}

/** The running summaries of a conversation's branches. */
@Injectable()
export class SummaryService {
  constructor(
    private readonly summaries: SummaryRepository,
    private readonly conversations: ConversationRepository,
    private readonly redactor: Redactor,
    private readonly database: Database,
  ) {}

  /** The oldest `limit` messages that no summary tells, without the last `keep` before `leaf`. */
  async untold(
    thread: Thread,
    leaf: string,
    { keep, limit }: { readonly keep: number; readonly limit: number },
  ): Promise<UntoldMessages> {
    const summary = await this.summaries.nearest(thread, leaf);
    const rows = await this.summaries.untold(thread, leaf, keep, limit);
    return { summary, messages: rows.map(toMessage), total: rows[0]?.total ?? 0 };
  }

  /**
   * Stores what a run has made of messages, as the workspace lets it be stored. Answers "unclaimed" when the run is
   * another process's by now, "stale" when a message that it tells is gone: then nothing is stored.
   */
  async keep(thread: Thread, summary: NewSummary): Promise<'kept' | 'stale' | 'unclaimed'> {
    const guard = await this.redactor.guardOf(thread.workspaceId);
    const text = guard ? guard.mask(summary.text) : summary.text;
    return this.database.transaction(async () => {
      const { workspaceId, conversationId } = thread;
      if (!(await this.conversations.hold({ workspaceId, id: conversationId }))) return 'stale';
      const { isKept, isHeld } = await this.summaries.put(thread, { ...summary, text });
      if (!isHeld) return 'unclaimed';
      return isKept ? 'kept' : 'stale';
    });
  }
}
