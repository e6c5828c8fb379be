import { z } from 'zod';
import { configuration, setting } from '../../platform/config/configuration.js';
import { httpUrl, list } from '../../platform/config/values.js';
import type { ChatModel } from '../chat-model.js';
import { Provider, type ModelDescription, type ModelProvider } from '../model-provider.js';
import { openAIProtocol } from '../openai/openai-protocol.js';
import { HttpChatModel } from '../wire/http-chat-model.js';
import { UpstreamAgent } from '../wire/upstream-agent.js';
import { keyHostOf } from './key-host.js';
import { namedOnly } from './model-list.js';

/** "Name: value" pairs separated by semicolons. */
const headerList = () =>
  z
    .string()
    .refine(isHeaderList, 'must be "Name: value" pairs separated by semicolons')
    .transform((text) =>
      text
        .split(';')
        .filter((pair) => pair.trim() !== '')
        .map((pair) => [pair.slice(0, pair.indexOf(':')).trim(), pair.slice(pair.indexOf(':') + 1).trim()] as const),
    );

/** At least one pair; nothing but a semicolon may stand behind the last. */
function isHeaderList(text: string): boolean {
  const pairs = text.trimEnd().split(';');
  if (pairs.length > 1 && pairs.at(-1)?.trim() === '') pairs.pop();
  return pairs.every((pair) => /^\s*[\w-]+\s*:[^\r\n]*$/.test(pair));
}

export class OpenAICompatibleConfig extends configuration('OpenAI-compatible server', {
  baseUrl: setting(
    'OPENAI_COMPATIBLE_BASE_URL',
    httpUrl().optional(),
    'Address, with its version, of a server that speaks the OpenAI protocol, such as vLLM, LM Studio or LiteLLM.',
  ),
  apiKey: setting(
    'OPENAI_COMPATIBLE_API_KEY',
    z.string().min(1).optional(),
    'Key of that server, when it asks for one.',
    { secret: true },
  ),
  models: setting(
    'OPENAI_COMPATIBLE_MODELS',
    list().default([]),
    'Models of that server, the default first, comma-separated.',
  ),
  headers: setting(
    'OPENAI_COMPATIBLE_HEADERS',
    headerList().default([]),
    'Further headers for that server: "Name: value; Name: value".',
    {
      secret: true,
    },
  ),
}) {}

@Provider({
  name: 'openai-compatible',
  title: 'OpenAI-compatible server',
  rank: 40,
  configuredBy: ['OPENAI_COMPATIBLE_BASE_URL', 'OPENAI_COMPATIBLE_MODELS'],
})
export class OpenAICompatibleProvider implements ModelProvider {
  private model: ChatModel | undefined;

  constructor(
    private readonly config: OpenAICompatibleConfig,
    private readonly agent: UpstreamAgent,
  ) {}

  isConfigured(): boolean {
    return this.config.baseUrl !== undefined && this.config.models.length > 0;
  }

  models(): readonly ModelDescription[] {
    return this.config.models.map((name) => namedOnly(name));
  }

  describe(name: string): ModelDescription {
    return namedOnly(name);
  }

  keyHost(): string | undefined {
    return this.config.baseUrl === undefined || !this.isConfigured() ? undefined : keyHostOf(this.config.baseUrl);
  }

  chatModel(): ChatModel {
    const { baseUrl = '', apiKey, headers } = this.config;
    return (this.model ??= new HttpChatModel(
      {
        provider: 'openai-compatible',
        baseUrl,
        headers: {
          ...(apiKey === undefined ? {} : keyHeaders(apiKey)),
          ...Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
        },
        keyHeaders,
        keyVariable: 'OPENAI_COMPATIBLE_API_KEY',
        baseUrlVariable: 'OPENAI_COMPATIBLE_BASE_URL',
        secrets: [apiKey ?? '', ...headers.map(([, value]) => value)],
      },
      openAIProtocol({ maxTokensField: 'max_tokens', takesTemperature: () => true }),
      this.agent,
    ));
  }
}

const keyHeaders = (key: string) => ({ authorization: `Bearer ${key}` });
