import { configuration, setting } from '../../platform/config/configuration.js';
import { httpUrl, integer, list } from '../../platform/config/values.js';
import type { ChatModel } from '../chat-model.js';
import { Provider, type ModelDescription, type ModelProvider } from '../model-provider.js';
import { ollamaProtocol } from '../ollama/ollama-protocol.js';
import { HttpChatModel } from '../wire/http-chat-model.js';
import { UpstreamAgent } from '../wire/upstream-agent.js';
import { ofWindow } from './model-list.js';

export class OllamaConfig extends configuration('Ollama', {
  baseUrl: setting(
    'OLLAMA_BASE_URL',
    httpUrl().optional(),
    'Address of an Ollama server, such as http://127.0.0.1:11434.',
  ),
  models: setting(
    'OLLAMA_MODELS',
    list().default(['llama3.2']),
    'Models pulled there, the default first, comma-separated.',
    {
      shownDefault: 'llama3.2',
    },
  ),
  contextWindow: setting(
    'OLLAMA_CONTEXT_WINDOW',
    integer(512, 10_000_000).default(8_192),
    'Context window in tokens, for which Ollama reserves memory (num_ctx).',
  ),
}) {}

@Provider({ name: 'ollama', title: 'Ollama', rank: 50, configuredBy: ['OLLAMA_BASE_URL'] })
export class OllamaProvider implements ModelProvider {
  private model: ChatModel | undefined;

  constructor(
    private readonly config: OllamaConfig,
    private readonly agent: UpstreamAgent,
  ) {}

  isConfigured(): boolean {
    return this.config.baseUrl !== undefined;
  }

  models(): readonly ModelDescription[] {
    return this.config.models.map((name) => this.describe(name));
  }

  describe(name: string): ModelDescription {
    return ofWindow(name, this.config.contextWindow);
  }

  chatModel(): ChatModel {
    const { baseUrl = '', contextWindow } = this.config;
    return (this.model ??= new HttpChatModel(
      {
        provider: 'ollama',
        baseUrl,
        headers: {},
        keyVariable: 'OLLAMA_BASE_URL',
        baseUrlVariable: 'OLLAMA_BASE_URL',
        secrets: [],
      },
      ollamaProtocol(contextWindow),
      this.agent,
    ));
  }
}
