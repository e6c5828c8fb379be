import { Injectable } from '@nestjs/common';
import type { ChatModel, ChatRequest } from '../../src/llm/chat-model.js';
import { Provider, type ModelDescription, type ModelProvider } from '../../src/llm/model-provider.js';
import { summaryAsked } from '../../src/llm/conversation-summary.js';
import { modelUnavailable } from '../../src/llm/llm.errors.js';
import { ScriptedChatModel } from '../../src/llm/scripted/scripted-chat-model.js';

/** Tokens that `recorded:small` has room for, its answers included. */
export const SMALL_WINDOW = 1_000;

/** The scripted model under another name, which remembers what it was asked; a small one, and one that is large. */
@Injectable()
@Provider({ name: 'recorded', title: 'Recorded model', rank: 2_000, configuredBy: [] })
export class RecordedProvider implements ModelProvider {
  readonly requests: ChatRequest[] = [];
  /** Whether summaries fail. */
  isForgetful = false;
  private readonly model = new ScriptedChatModel({ tokenMs: 0, directives: true });

  isConfigured(): boolean {
    return true;
  }

  models(): readonly ModelDescription[] {
    const capabilities = { tools: true, structuredOutput: true };
    return [
      { name: 'small', contextWindow: SMALL_WINDOW, capabilities },
      { name: 'large', contextWindow: 128_000, capabilities },
    ];
  }

  chatModel(): ChatModel {
    return { stream: (request) => this.answer(request) };
  }

  /** Those that asked for a summary. */
  get summaries(): readonly ChatRequest[] {
    return this.requests.filter(({ messages }) => summaryAsked(messages) !== undefined);
  }

  private answer(request: ChatRequest) {
    this.requests.push(request);
    if (this.isForgetful && summaryAsked(request.messages)) throw modelUnavailable('It makes no summaries.');
    return this.model.stream(request);
  }
}
