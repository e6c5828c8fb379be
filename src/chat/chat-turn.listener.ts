import { Injectable } from '@nestjs/common';
import { MessageService } from '../conversation/message.service.js';
import { ConversationPurged } from '../conversation/conversation.events.js';
import { On } from '../platform/event/event-bus.js';
import { RunEnding, RunStarting } from '../workflow/run/run.events.js';
import { RunService } from '../workflow/run/run.service.js';

/** Writes the messages of chat turns, in the transactions that begin and end their runs. */
@Injectable()
export class ChatTurnListener {
  constructor(
    private readonly messages: MessageService,
    private readonly runs: RunService,
  ) {}

  @On(RunStarting)
  async onRunStarting({ run, startFields }: RunStarting): Promise<void> {
    const { id, kind, workspaceId, userId, conversationId, messageId, input } = run;
    if (kind !== 'chat' || conversationId === null || messageId === null) return;
    await this.messages.ask({
      id: messageId,
      workspaceId,
      conversationId,
      createdBy: userId,
      role: 'user',
      content: String(input.message),
      runId: id,
    });
    startFields.conversationId = conversationId;
    startFields.userMessageId = messageId;
  }

  @On(RunEnding)
  async onRunEnding({ run, outcome, completeFields }: RunEnding): Promise<void> {
    const { id, kind, workspaceId, conversationId, messageId, usage, cost, durationMs } = run;
    if (kind !== 'chat' || conversationId === null || outcome.status !== 'succeeded') return;
    completeFields.message = await this.messages.append({
      workspaceId,
      conversationId,
      parentId: messageId,
      role: 'assistant',
      content: textOf(outcome.output),
      runId: id,
      model: outcome.model,
      usage: usage ?? undefined,
      cost,
      finishReason: outcome.finishReason,
      durationMs: durationMs ?? undefined,
    });
  }

  @On(ConversationPurged)
  async onConversationPurged({ workspaceId, conversationId }: ConversationPurged): Promise<void> {
    await this.runs.purgeConversation(workspaceId, conversationId);
  }
}

/** What the assistant says: `output.text`, else `output.answer`, else the string or JSON of the output. */
function textOf(output: unknown): string {
  if (typeof output === 'string') return output;
  if (typeof output === 'object' && output !== null) {
    for (const name of ['text', 'answer']) {
      const value: unknown = Object.hasOwn(output, name) ? (output as Record<string, unknown>)[name] : undefined;
      if (typeof value === 'string') return value;
    }
  }
  return JSON.stringify(output ?? null);
}
