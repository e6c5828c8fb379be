import { Module } from '@nestjs/common';
import { provideConfiguration } from '../platform/config/configuration.js';
import { TelemetryModule } from '../platform/telemetry/telemetry.module.js';
import { SecretModule } from '../security/secret/secret.module.js';
import { LlmConfig } from './llm.config.js';
import { LLMService } from './llm.service.js';
import { ModelController } from './model.controller.js';
import { PriceBook } from './price-book.js';
import { ListedPrices } from './price-catalogue.js';
import { ProviderKeys } from './provider-keys.js';
import { ProviderRegistry } from './provider.registry.js';
import { AnthropicConfig, AnthropicProvider } from './providers/anthropic.provider.js';
import { GoogleConfig, GoogleProvider } from './providers/google.provider.js';
import { OllamaConfig, OllamaProvider } from './providers/ollama.provider.js';
import { OpenAICompatibleConfig, OpenAICompatibleProvider } from './providers/openai-compatible.provider.js';
import { OpenAIConfig, OpenAIProvider } from './providers/openai.provider.js';
import { ScriptedConfig, ScriptedProvider } from './providers/scripted.provider.js';
import { UpstreamAgent } from './wire/upstream-agent.js';

/** Each with its settings. */
const PROVIDERS = [
  [OpenAIProvider, OpenAIConfig],
  [AnthropicProvider, AnthropicConfig],
  [GoogleProvider, GoogleConfig],
  [OpenAICompatibleProvider, OpenAICompatibleConfig],
  [OllamaProvider, OllamaConfig],
  [ScriptedProvider, ScriptedConfig],
] as const;

/** Models behind one service. A provider is one file and one line above. */
@Module({
  imports: [SecretModule, TelemetryModule],
  controllers: [ModelController],
  providers: [
    LLMService,
    ProviderKeys,
    ProviderRegistry,
    provideConfiguration(LlmConfig),
    { provide: UpstreamAgent, useFactory: (config: LlmConfig) => new UpstreamAgent(config), inject: [LlmConfig] },
    {
      provide: PriceBook,
      useFactory: ({ prices }: LlmConfig) => new PriceBook(prices, new ListedPrices()),
      inject: [LlmConfig],
    },
    ...PROVIDERS.flatMap(([provider, config]) => [provider, provideConfiguration(config)]),
  ],
  exports: [LLMService, UpstreamAgent, OllamaConfig, OpenAICompatibleConfig],
})
export class LlmModule {}
