import type { ChatDelta, ChatModel, ChatRequest, FinishReason } from '../../src/llm/chat-model.js';
import type { LLMService, ResolvedModel } from '../../src/llm/llm.service.js';
import { ScriptedChatModel } from '../../src/llm/scripted/scripted-chat-model.js';

/** What a model says in one call, in short. */
export interface Saying {
  readonly text?: string;
  /** Name and JSON text of the arguments. */
  readonly calls?: readonly (readonly [name: string, args: string])[];
  readonly finish?: FinishReason;
}

export interface FakeLlm {
  readonly llm: LLMService;
  /** What was asked, in order. */
  readonly requests: readonly ChatRequest[];
}

const USAGE = { inputTokens: 10, outputTokens: 5, totalTokens: 15 };

/** A model as the service resolves it. */
export const fakeModel = (name = 'fake:default', contextWindow = 128_000): ResolvedModel => ({
  id: name,
  provider: 'fake',
  model: 'default',
  description: { name: 'default', contextWindow, capabilities: { tools: true, structuredOutput: true } },
});

/** The service with one model and no provider; every call costs 0.25. */
export function llmWith(model: ChatModel, contextWindow?: number): FakeLlm {
  const requests: ChatRequest[] = [];
  const service: Pick<LLMService, 'keyed' | 'resolve' | 'stream' | 'cost' | 'estimateUsage'> = {
    keyed: async () => new Set(),
    resolve: (name) => fakeModel(name, contextWindow),
    stream: (request) => {
      requests.push(request as ChatRequest);
      return model.stream(request as ChatRequest);
    },
    cost: () => 0.25,
    estimateUsage: async () => USAGE,
  };
  return { llm: service as LLMService, requests };
}

/** The scripted model, at once and with directives. */
export const scriptedLlm = (): FakeLlm => llmWith(new ScriptedChatModel({ tokenMs: 0, directives: true }));

/** Says one thing after the other, a character at a time. */
export const llmSaying = (...sayings: readonly Saying[]): FakeLlm => smallLlmSaying(undefined, ...sayings);

/** The same with a context window of so many tokens. */
export function smallLlmSaying(contextWindow: number | undefined, ...sayings: readonly Saying[]): FakeLlm {
  const left = [...sayings];
  const model: ChatModel = {
    async *stream({ signal }) {
      signal.throwIfAborted();
      const saying = left.shift();
      if (!saying) throw new Error('The model was asked more often than the test foresaw.');
      yield* deltasOf(saying).map((delta) => [delta]);
    },
  };
  return llmWith(model, contextWindow);
}

function deltasOf({ text = '', calls = [], finish }: Saying): readonly ChatDelta[] {
  const pieces = calls.flatMap(([name, args], index): ChatDelta[] => [
    { type: 'toolCall', index, id: `call_${index}`, name, arguments: '' },
    ...[...args].map((piece): ChatDelta => ({ type: 'toolCall', index, arguments: piece })),
  ]);
  return [
    ...[...text].map((character): ChatDelta => ({ type: 'text', text: character })),
    ...pieces,
    { type: 'usage', usage: USAGE },
    { type: 'finish', reason: finish ?? (calls.length > 0 ? 'toolCalls' : 'stop') },
  ];
}
