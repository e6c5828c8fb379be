import { Injectable } from '@nestjs/common';
import type { Message } from '../conversation/message.js';
import { MessageService } from '../conversation/message.service.js';
import { SummaryService } from '../conversation/summary.service.js';
import type { ChatMessage } from '../llm/chat-model.js';
import { ClaimLost } from '../tool/ledger/tool-call.js';
import {
  HistorySource,
  type EarlierMessages,
  type History,
  type MadeSummary,
  type UntoldMessages,
} from '../workflow/node/history-source.js';
import type { RunIdentity } from '../workflow/node/node-type.js';

/** The conversation's branch, as the engine's memory. */
@Injectable()
@HistorySource()
export class ConversationHistory implements History {
  constructor(
    private readonly messages: MessageService,
    private readonly summaries: SummaryService,
  ) {}

  async before(run: RunIdentity, limit: number): Promise<EarlierMessages> {
    const place = placeOf(run);
    if (!place) return { messages: [] };
    const upTo = await this.messages.history({ ...place.thread, upTo: place.leaf, limit: limit + 2 });
    const earlier = upTo.filter(({ id }) => id !== place.leaf);
    const told = earlier.findLastIndex(({ summary }) => summary !== undefined);
    const text = earlier[told]?.summary;
    return {
      messages: earlier.flatMap(toChatMessage),
      ...(text !== undefined && { summary: { text, after: earlier.slice(told + 1).flatMap(toChatMessage).length } }),
    };
  }

  async untold(run: RunIdentity, range: { readonly keep: number; readonly limit: number }): Promise<UntoldMessages> {
    const place = placeOf(run);
    if (!place) return { messages: [], total: 0 };
    const { summary, messages, total } = await this.summaries.untold(place.thread, place.leaf, range);
    return {
      ...(summary && { summary }),
      messages: messages.map((one) => ({ id: one.id, message: toMaterial(one) })),
      total,
    };
  }

  async keepSummary(run: RunIdentity, summary: MadeSummary): Promise<boolean> {
    const place = placeOf(run);
    if (!place) return false;
    const { claim } = run;
    const kept = await this.summaries.keep(place.thread, { ...summary, claim });
    if (claim && kept === 'unclaimed') throw new ClaimLost(claim);
    return kept === 'kept';
  }
}

function placeOf({ workspaceId, conversationId, messageId }: RunIdentity) {
  if (conversationId === undefined || messageId === undefined) return undefined;
  return { thread: { workspaceId, conversationId }, leaf: messageId };
}

const toChatMessage = ({ role, content }: Message): ChatMessage[] => (role === 'tool' ? [] : [{ role, content }]);

/** As what a summary is made of, results of tools included. */
const toMaterial = ({ id, role, content }: Message): ChatMessage =>
  role === 'tool' ? { role, content, toolCallId: id, name: role } : { role, content };
