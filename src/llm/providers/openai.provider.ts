import { z } from 'zod';
import { configuration, setting } from '../../platform/config/configuration.js';
import { httpUrl, list } from '../../platform/config/values.js';
import type { ChatModel } from '../chat-model.js';
import { Provider, type ModelDescription, type ModelProvider } from '../model-provider.js';
import { openAIProtocol } from '../openai/openai-protocol.js';
import { HttpChatModel } from '../wire/http-chat-model.js';
import { UpstreamAgent } from '../wire/upstream-agent.js';
import { keyHostOf } from './key-host.js';
import { capable, namedOnly, offered } from './model-list.js';

const OFFICIAL_URL = 'https://api.openai.com/v1';

export class OpenAIConfig extends configuration('OpenAI', {
  apiKey: setting(
    'OPENAI_API_KEY',
    z.string().min(1).optional(),
    'Key of the OpenAI API. Set: the models of openai are offered.',
    {
      secret: true,
    },
  ),
  baseUrl: setting('OPENAI_BASE_URL', httpUrl().default(OFFICIAL_URL), 'Address of the OpenAI API, with its version.'),
  models: setting(
    'OPENAI_MODELS',
    list().default([]),
    'Models on offer, the default first, comma-separated. Unset: a built-in list.',
  ),
}) {}

const MODELS = [
  capable('gpt-4.1-mini', 'GPT-4.1 mini', 1_047_576, 32_768),
  capable('gpt-4.1', 'GPT-4.1', 1_047_576, 32_768),
  capable('gpt-4o', 'GPT-4o', 128_000, 16_384),
  capable('gpt-4o-mini', 'GPT-4o mini', 128_000, 16_384),
  capable('gpt-5', 'GPT-5', 400_000, 128_000),
  capable('gpt-5-mini', 'GPT-5 mini', 400_000, 128_000),
  capable('gpt-5-nano', 'GPT-5 nano', 400_000, 128_000),
  capable('gpt-5.4', 'GPT-5.4', 1_050_000, 128_000),
  capable('gpt-5.4-mini', 'GPT-5.4 mini', 400_000, 128_000),
  capable('o4-mini', 'o4-mini', 200_000, 100_000),
];

/** The families of OpenAI's own chat models: dated, newer and fine-tuned names work without being listed. */
const FAMILIES = /^(?:gpt-|chatgpt-|o\d|ft:)/;

/** Reasoning models answer a request with a temperature by an error. */
const FIXED_TEMPERATURE = /^(?:ft:)?(?:o\d|gpt-[5-9])/;

@Provider({ name: 'openai', title: 'OpenAI', rank: 10, configuredBy: ['OPENAI_API_KEY'] })
export class OpenAIProvider implements ModelProvider {
  private model: ChatModel | undefined;

  constructor(
    private readonly config: OpenAIConfig,
    private readonly agent: UpstreamAgent,
  ) {}

  isConfigured(): boolean {
    return this.config.apiKey !== undefined;
  }

  models(): readonly ModelDescription[] {
    return offered(MODELS, this.config.models);
  }

  describe(name: string): ModelDescription | undefined {
    const isProxy = this.config.baseUrl !== OFFICIAL_URL;
    return isProxy || FAMILIES.test(name) ? namedOnly(name, 128_000) : undefined;
  }

  keyHost(): string {
    return keyHostOf(this.config.baseUrl);
  }

  chatModel(): ChatModel {
    const { apiKey = '', baseUrl } = this.config;
    return (this.model ??= new HttpChatModel(
      {
        provider: 'openai',
        baseUrl,
        headers: keyHeaders(apiKey),
        keyHeaders,
        keyVariable: 'OPENAI_API_KEY',
        baseUrlVariable: 'OPENAI_BASE_URL',
        secrets: [apiKey],
      },
      openAIProtocol({
        maxTokensField: 'max_completion_tokens',
        takesTemperature: (name) => !FIXED_TEMPERATURE.test(name),
      }),
      this.agent,
    ));
  }
}

const keyHeaders = (key: string) => ({ authorization: `Bearer ${key}` });
