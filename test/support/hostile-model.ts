import { Injectable } from '@nestjs/common';
import type { ChatDelta, ChatModel, ChatRequest } from '../../src/llm/chat-model.js';
import { Provider, type ModelDescription, type ModelProvider } from '../../src/llm/model-provider.js';

export interface HostileCall {
  readonly name: string;
  /** JSON text as it stands, or a value that becomes one. */
  readonly arguments: unknown;
}

/** What the model does in one answer: the calls it asks for, or what it says at the end. */
export type HostileTurn = readonly HostileCall[] | string;

/**
 * A model that does what an attacker wants: answer after answer of the script whose name stands in the user's message
 * as `attack:<name>`, whatever it is told and offered.
 */
@Injectable()
@Provider({ name: 'hostile', title: 'Hostile model', rank: 2_000, configuredBy: [] })
export class HostileProvider implements ModelProvider {
  /** The scripts by name. */
  readonly scripts = new Map<string, readonly HostileTurn[]>();

  isConfigured(): boolean {
    return true;
  }

  models(): readonly ModelDescription[] {
    return [{ name: 'default', contextWindow: 128_000, capabilities: { tools: true, structuredOutput: false } }];
  }

  chatModel(): ChatModel {
    return { stream: (request) => this.play(request) };
  }

  private async *play({ messages }: ChatRequest): AsyncGenerator<readonly ChatDelta[]> {
    const asked = messages.findLastIndex(({ role }) => role === 'user');
    const name = /attack:([\w-]+)/.exec(messages[asked]?.content ?? '')?.[1] ?? '';
    const turn = messages.slice(asked).filter(({ role }) => role === 'assistant').length;
    const answer = this.scripts.get(name)?.[turn] ?? 'I am done.';
    if (typeof answer === 'string') {
      yield [
        { type: 'text', text: answer },
        { type: 'finish', reason: 'stop' },
      ];
      return;
    }
    yield answer.map(({ name: tool, arguments: args }, index): ChatDelta => {
      const text = typeof args === 'string' ? args : JSON.stringify(args);
      return { type: 'toolCall', index, id: `call-${turn}-${index}`, name: tool, arguments: text };
    });
    yield [{ type: 'finish', reason: 'toolCalls' }];
  }
}
