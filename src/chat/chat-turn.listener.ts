import { Injectable } from '@nestjs/common';
import { MessageService } from '../conversation/message.service.js';
import { ConversationPurged } from '../conversation/conversation.events.js';
import { On } from '../platform/event/event-bus.js';
import { RunEnding, RunStarting } from '../workflow/run/run.events.js';
import { RunSources } from '../workflow/run/run-sources.js';
import { RunToolCalls } from '../workflow/run/run-tool-calls.js';
import { RunService } from '../workflow/run/run.service.js';
import { citationsOf, citedNumbers } from './citation.js';

/** Writes the messages of chat turns, in the transactions that begin and end their runs. */
@Injectable()
export class ChatTurnListener {
  constructor(
    private readonly messages: MessageService,
    private readonly runs: RunService,
    private readonly sources: RunSources,
    private readonly toolCalls: RunToolCalls,
  ) {}

  @On(RunStarting)
  async onRunStarting({ run, startFields }: RunStarting): Promise<void> {
    const { id, workspaceId, userId, conversationId, messageId, input } = run;
    if (conversationId === null || messageId === null) return;
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
  async onRunEnding(ending: RunEnding): Promise<void> {
    const { run, outcome, completeFields } = ending;
    const { id, kind, workspaceId, conversationId, messageId, usage, cost, durationMs } = run;
    if (kind !== 'chat' || conversationId === null || outcome.status !== 'succeeded') return;
    const content = textOf(outcome.output);
    const cited = citedNumbers(content);
    const sources = cited.length > 0 ? await this.sources.of(ending) : [];
    const toolCalls = outcome.hasCalledTools ? await this.toolCalls.of(ending) : [];
    completeFields.message = await this.messages.append({
      workspaceId,
      conversationId,
      parentId: messageId,
      role: 'assistant',
      content,
      citations: citationsOf(cited, sources),
      toolCalls: toolCalls.length > 0 ? toolCalls : undefined,
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
