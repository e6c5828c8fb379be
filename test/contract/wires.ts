import type { ChatModel } from '../../src/llm/chat-model.js';
import type { EnvironmentVariables } from '../../src/platform/config/configuration.js';
import { LlmConfig } from '../../src/llm/llm.config.js';
import { AnthropicConfig, AnthropicProvider } from '../../src/llm/providers/anthropic.provider.js';
import { GoogleConfig, GoogleProvider } from '../../src/llm/providers/google.provider.js';
import { OllamaConfig, OllamaProvider } from '../../src/llm/providers/ollama.provider.js';
import {
  OpenAICompatibleConfig,
  OpenAICompatibleProvider,
} from '../../src/llm/providers/openai-compatible.provider.js';
import { OpenAIConfig, OpenAIProvider } from '../../src/llm/providers/openai.provider.js';
import type { UpstreamAgent } from '../../src/llm/wire/upstream-agent.js';

export const KEY = 'sk-test-0123456789abcdef';

/** One provider as the contract suites try it. */
export interface Wire {
  readonly provider: string;
  readonly model: string;
  readonly keyVariable: string;
  connect(url: string, agent: UpstreamAgent, environment?: EnvironmentVariables): ChatModel | Promise<ChatModel>;
  /** Its own words for usage; undefined where aimock always reports zero. */
  usage?(inputTokens: number, outputTokens: number): Readonly<Record<string, number>>;
}

/** A provider whose bytes are ours to read: the texts of its frames. */
export interface HttpWire extends Wire {
  readonly contentType: string;
  /** Frames of a whole answer that says these texts. */
  answer(texts: readonly string[]): readonly string[];
  /** The frame of a failure inside the stream. */
  failure(message: string): string;
}

const sse = (data: object | string): string => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

const openAIFrames = {
  contentType: 'text/event-stream',
  answer: (texts: readonly string[]) => [
    ...texts.map((content) => sse({ choices: [{ index: 0, delta: { content } }] })),
    sse({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    sse({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } }),
    sse('[DONE]'),
  ],
  failure: (message: string) => sse({ error: { message, type: 'server_error', code: 500 } }),
};

export const OPENAI: HttpWire = {
  provider: 'openai',
  model: 'gpt-4.1-mini',
  keyVariable: 'OPENAI_API_KEY',
  connect: (url, agent, environment = {}) =>
    new OpenAIProvider(
      new OpenAIConfig({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `${url}/v1`, ...environment }),
      agent,
    ).chatModel(),
  usage: (prompt_tokens, completion_tokens) => ({ prompt_tokens, completion_tokens }),
  ...openAIFrames,
};

export const OPENAI_COMPATIBLE: HttpWire = {
  provider: 'openai-compatible',
  model: 'local/model',
  keyVariable: 'OPENAI_COMPATIBLE_API_KEY',
  connect: (url, agent, environment = {}) =>
    new OpenAICompatibleProvider(
      new OpenAICompatibleConfig({
        OPENAI_COMPATIBLE_BASE_URL: `${url}/v1/`,
        OPENAI_COMPATIBLE_API_KEY: KEY,
        OPENAI_COMPATIBLE_MODELS: 'local/model',
        OPENAI_COMPATIBLE_HEADERS: 'X-Team: blue; X-Title: Chatter',
        ...environment,
      }),
      agent,
    ).chatModel(),
  usage: (prompt_tokens, completion_tokens) => ({ prompt_tokens, completion_tokens }),
  ...openAIFrames,
};

export const ANTHROPIC: HttpWire = {
  provider: 'anthropic',
  model: 'claude-haiku-4-5',
  keyVariable: 'ANTHROPIC_API_KEY',
  contentType: 'text/event-stream',
  connect: (url, agent, environment = {}) =>
    new AnthropicProvider(
      new AnthropicConfig({ ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url, ...environment }),
      agent,
    ).chatModel(),
  usage: (input_tokens, output_tokens) => ({ input_tokens, output_tokens }),
  answer: (texts) => [
    sse({ type: 'message_start', message: { usage: { input_tokens: 7, output_tokens: 1 } } }),
    sse({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ...texts.map((text) => sse({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    sse({ type: 'content_block_stop', index: 0 }),
    sse({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } }),
    sse({ type: 'message_stop' }),
  ],
  failure: (message) => `event: error\n${sse({ type: 'error', error: { type: 'overloaded_error', message } })}`,
};

const ndjson = (line: object): string => `${JSON.stringify(line)}\n`;

export const OLLAMA: HttpWire = {
  provider: 'ollama',
  model: 'llama3.2',
  keyVariable: 'OLLAMA_BASE_URL',
  contentType: 'application/x-ndjson',
  connect: (url, agent, environment = {}) =>
    new OllamaProvider(new OllamaConfig({ OLLAMA_BASE_URL: url, ...environment }), agent).chatModel(),
  answer: (texts) => [
    ...texts.map((content) => ndjson({ message: { role: 'assistant', content }, done: false })),
    ndjson({
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 7,
      eval_count: 3,
    }),
  ],
  failure: (error) => ndjson({ error }),
};

export const GOOGLE: Wire = {
  provider: 'google',
  model: 'gemini-2.5-flash',
  keyVariable: 'GOOGLE_API_KEY',
  connect: (url, _, environment = {}) => {
    const variables = { GOOGLE_API_KEY: KEY, GOOGLE_BASE_URL: url, ...environment };
    return new GoogleProvider(new GoogleConfig(variables), new LlmConfig(variables)).chatModel();
  },
  usage: (promptTokenCount, candidatesTokenCount) => ({ promptTokenCount, candidatesTokenCount }),
};
