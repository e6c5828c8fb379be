import { z } from 'zod';
import { configuration, setting } from '../../platform/config/configuration.js';
import { httpUrl, list } from '../../platform/config/values.js';
import { anthropicProtocol } from '../anthropic/anthropic-protocol.js';
import type { ChatModel } from '../chat-model.js';
import { Provider, type ModelDescription, type ModelProvider } from '../model-provider.js';
import { HttpChatModel } from '../wire/http-chat-model.js';
import { UpstreamAgent } from '../wire/upstream-agent.js';
import { keyHostOf } from './key-host.js';
import { capable, namedOnly, offered } from './model-list.js';

const OFFICIAL_URL = 'https://api.anthropic.com';

export class AnthropicConfig extends configuration('Anthropic', {
  apiKey: setting(
    'ANTHROPIC_API_KEY',
    z.string().min(1).optional(),
    'Key of the Anthropic API. Set: the models of anthropic are offered.',
    {
      secret: true,
    },
  ),
  baseUrl: setting(
    'ANTHROPIC_BASE_URL',
    httpUrl().default(OFFICIAL_URL),
    'Address of the Anthropic API, without its version.',
  ),
  models: setting(
    'ANTHROPIC_MODELS',
    list().default([]),
    'Models on offer, the default first, comma-separated. Unset: a built-in list.',
  ),
}) {}

const MODELS = [
  capable('claude-haiku-4-5', 'Claude Haiku 4.5', 200_000, 64_000),
  capable('claude-sonnet-4-5', 'Claude Sonnet 4.5', 200_000, 64_000),
  capable('claude-sonnet-4-6', 'Claude Sonnet 4.6', 1_000_000, 64_000),
  capable('claude-opus-4-5', 'Claude Opus 4.5', 200_000, 64_000),
  capable('claude-opus-4-6', 'Claude Opus 4.6', 1_000_000, 64_000),
];

/** What every Claude model can write; the API demands a limit with each request. */
const DEFAULT_MAX_TOKENS = 8_192;

@Provider({ name: 'anthropic', title: 'Anthropic', rank: 20, configuredBy: ['ANTHROPIC_API_KEY'] })
export class AnthropicProvider implements ModelProvider {
  private model: ChatModel | undefined;

  constructor(
    private readonly config: AnthropicConfig,
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
    return isProxy || name.startsWith('claude-') ? namedOnly(name, 200_000) : undefined;
  }

  keyHost(): string {
    return keyHostOf(this.config.baseUrl);
  }

  chatModel(): ChatModel {
    const { apiKey = '', baseUrl } = this.config;
    return (this.model ??= new HttpChatModel(
      {
        provider: 'anthropic',
        baseUrl: baseUrl.replace(/\/v1\/*$/, ''),
        headers: { ...keyHeaders(apiKey), 'anthropic-version': '2023-06-01' },
        keyHeaders,
        keyVariable: 'ANTHROPIC_API_KEY',
        baseUrlVariable: 'ANTHROPIC_BASE_URL',
        secrets: [apiKey],
      },
      anthropicProtocol((name) => MODELS.find((model) => model.name === name)?.maxOutputTokens ?? DEFAULT_MAX_TOKENS),
      this.agent,
    ));
  }
}

const keyHeaders = (key: string) => ({ 'x-api-key': key });
