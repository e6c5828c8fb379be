import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import type { AIMessageChunk } from '@langchain/core/messages';
import { Problem } from '../../platform/problem/problem.js';
import type { ChatDelta, ChatModel, ChatRequest, ToolSpecification } from '../chat-model.js';
import { cut, refusal, unreachable, upstreamOf, type Upstream } from '../wire/upstream-failure.js';
import { clocked, type Clocks } from './clocked.js';
import { LangChainDeltas } from './langchain-deltas.js';
import { langChainMessages } from './langchain-messages.js';

/** What a LangChain model takes in its constructor, not with a call. */
export type ModelSettings = Pick<ChatRequest, 'model' | 'temperature' | 'maxTokens' | 'apiKey'>;

/** The tool through which a structured answer comes: the one way that every LangChain model with tools offers. */
const ANSWER_TOOL = 'structured_answer';

/** Any LangChain chat model behind the contract; `build` makes it for one request, without retries of its own. */
export class LangChainChatModel implements ChatModel {
  constructor(
    private readonly endpoint: Omit<Upstream, 'model'>,
    private readonly build: (settings: ModelSettings) => BaseChatModel | Promise<BaseChatModel>,
    private readonly clocks: Clocks,
  ) {}

  async *stream(request: ChatRequest): AsyncGenerator<readonly ChatDelta[]> {
    const upstream = upstreamOf(this.endpoint, request);
    const deltas = new LangChainDeltas(request.schema === undefined ? undefined : ANSWER_TOOL);
    const open = async (signal: AbortSignal): Promise<AsyncIterable<AIMessageChunk>> => {
      const { model, temperature, maxTokens, apiKey } = request;
      const chatModel = withTools(await this.build({ model, temperature, maxTokens, apiKey }), request);
      return chatModel.stream(langChainMessages(request.messages), { signal });
    };
    let answered = false;
    try {
      for await (const chunk of clocked(open, request.signal, this.clocks, upstream)) {
        answered = true;
        const batch = deltas.read(chunk);
        if (batch.length > 0) yield batch;
      }
    } catch (error) {
      if (error instanceof Problem || request.signal.aborted) throw error;
      throw translated(upstream, error, answered);
    }
    yield deltas.end();
  }
}

function withTools(model: BaseChatModel, { tools = [], schema }: ChatRequest) {
  const bound = tools.map(({ name, description, parameters }) => ({ name, description, schema: parameters }));
  if (schema !== undefined) bound.push(answerTool(schema));
  if (bound.length === 0 || model.bindTools === undefined) return model;
  return model.bindTools(bound, schema !== undefined && tools.length === 0 ? { tool_choice: ANSWER_TOOL } : {});
}

function answerTool(schema: NonNullable<ChatRequest['schema']>): {
  name: string;
  description: string;
  schema: ToolSpecification['parameters'];
} {
  return { name: ANSWER_TOOL, description: 'Gives the final answer. Always answer by calling this tool.', schema };
}

/** LangChain's clients put the HTTP status on the error; without one it was the connection that failed. */
function translated(upstream: Upstream, error: unknown, answered: boolean): Problem {
  const { status, message } =
    typeof error === 'object' && error !== null ? (error as { status?: unknown; message?: unknown }) : {};
  if (typeof status === 'number' && status >= 300) return refusal(upstream, status, String(message));
  return answered ? cut(upstream, error) : unreachable(upstream, error);
}
