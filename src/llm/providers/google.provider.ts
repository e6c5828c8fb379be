import { z } from 'zod';
import { configuration, setting } from '../../platform/config/configuration.js';
import { httpUrl, list } from '../../platform/config/values.js';
import type { ChatModel } from '../chat-model.js';
import { LlmConfig } from '../llm.config.js';
import { modelNotConfigured } from '../llm.errors.js';
import { Provider, type ModelDescription, type ModelProvider } from '../model-provider.js';
import { keyHostOf } from './key-host.js';
import { capable, namedOnly, offered } from './model-list.js';

const OFFICIAL_URL = 'https://generativelanguage.googleapis.com';

export class GoogleConfig extends configuration('Google', {
  apiKey: setting(
    'GOOGLE_API_KEY',
    z.string().min(1).optional(),
    'Key of the Gemini API. Set: the models of google are offered; needs the optional package @langchain/google-genai.',
    { secret: true },
  ),
  baseUrl: setting('GOOGLE_BASE_URL', httpUrl().optional(), 'Address of the Gemini API. Unset: the official one.'),
  models: setting(
    'GOOGLE_MODELS',
    list().default([]),
    'Models on offer, the default first, comma-separated. Unset: a built-in list.',
  ),
}) {}

const MODELS = [
  capable('gemini-2.5-flash', 'Gemini 2.5 Flash', 1_048_576, 65_536),
  capable('gemini-2.5-flash-lite', 'Gemini 2.5 Flash-Lite', 1_048_576, 65_536),
  capable('gemini-2.5-pro', 'Gemini 2.5 Pro', 1_048_576, 65_536),
  capable('gemini-3.5-flash', 'Gemini 3.5 Flash', 1_000_000, 65_536),
];

@Provider({ name: 'google', title: 'Google Gemini', rank: 30, configuredBy: ['GOOGLE_API_KEY'] })
export class GoogleProvider implements ModelProvider {
  private model: Promise<ChatModel> | undefined;

  constructor(
    private readonly config: GoogleConfig,
    private readonly clocks: LlmConfig,
  ) {}

  isConfigured(): boolean {
    return this.config.apiKey !== undefined;
  }

  models(): readonly ModelDescription[] {
    return offered(MODELS, this.config.models);
  }

  describe(name: string): ModelDescription | undefined {
    return /^(?:gemini|gemma)-/.test(name) ? namedOnly(name, 131_072) : undefined;
  }

  keyHost(): string {
    return keyHostOf(this.config.baseUrl ?? OFFICIAL_URL);
  }

  chatModel(): Promise<ChatModel> {
    return (this.model ??= this.load());
  }

  /** LangChain and Google's client cost 0.4 s of CPU to import: only who calls Gemini pays. */
  private async load(): Promise<ChatModel> {
    const { apiKey = '', baseUrl } = this.config;
    const [{ LangChainChatModel }, { ChatGoogleGenerativeAI }] = await Promise.all([
      import('../langchain/langchain-chat-model.js'),
      import('@langchain/google-genai').catch((cause: unknown) => {
        this.model = undefined;
        throw modelNotConfigured(
          'The provider google needs the package @langchain/google-genai: npm install @langchain/google-genai.',
          { cause },
        );
      }),
    ]);
    return new LangChainChatModel(
      { provider: 'google', keyVariable: 'GOOGLE_API_KEY', baseUrlVariable: 'GOOGLE_BASE_URL', secrets: [apiKey] },
      ({ model, temperature, maxTokens, apiKey: ownKey = apiKey }) =>
        guarded(
          new ChatGoogleGenerativeAI({
            model,
            apiKey: ownKey,
            baseUrl,
            temperature,
            maxOutputTokens: maxTokens,
            maxRetries: 0,
          }),
        ),
      this.clocks,
    );
  }
}

interface GoogleClient {
  generateContentStream(...parameters: readonly unknown[]): Promise<{ readonly response: Promise<unknown> }>;
}

/**
 * Google's client also collects each stream into a second promise, which LangChain drops: when the stream fails, its
 * unhandled rejection would end the process.
 */
function guarded<Model extends object>(model: Model): Model {
  const { client } = model as unknown as { readonly client: GoogleClient };
  const stream = client.generateContentStream.bind(client);
  client.generateContentStream = async (...parameters) => {
    const result = await stream(...parameters);
    result.response.catch(() => undefined);
    return result;
  };
  return model;
}
