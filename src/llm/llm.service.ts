import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { ChatDelta, ChatMessage, ChatRequest, TokenUsage } from './chat-model.js';
import { LlmConfig } from './llm.config.js';
import { modelNotConfigured, modelUnknown } from './llm.errors.js';
import { meteredStream } from './metered-stream.js';
import type { ModelDescription } from './model-provider.js';
import { PriceBook, type ModelPrice } from './price-book.js';
import { ProviderRegistry, type RegisteredProvider } from './provider.registry.js';
import { retriedStream } from './retried-stream.js';
import { DEFAULT_RETRY_POLICY } from './retry-policy.js';
import { estimatedUsage } from './token-estimate.js';

/** A model that can be called. */
export interface ResolvedModel {
  /** The name on the API: `provider:model`. */
  readonly id: string;
  readonly provider: string;
  /** The name at the provider. */
  readonly model: string;
  readonly description: ModelDescription;
}

export interface OfferedModel extends ResolvedModel {
  readonly price: ModelPrice | null;
  readonly isDefault: boolean;
}

export interface OfferedProvider {
  readonly name: string;
  readonly title: string;
  readonly configured: boolean;
  readonly configuredBy: readonly string[];
  readonly isDefault: boolean;
}

/** A request to any model: `model` is a name of the API, by default the default model. */
export type LlmRequest = Omit<ChatRequest, 'model'> & { readonly model?: string };

/** The last in rank: serves when no other is configured. */
const FALLBACK_PROVIDER = 'scripted';

/** The one door to models: names, calls with retries and usage, prices. */
@Injectable()
export class LLMService implements OnApplicationBootstrap {
  constructor(
    private readonly registry: ProviderRegistry,
    private readonly config: LlmConfig,
    private readonly prices: PriceBook,
  ) {}

  /** @throws Problem when DEFAULT_MODEL names no usable model: better at start than with the first message. */
  onApplicationBootstrap(): void {
    const { id, provider } = this.resolve();
    if (provider === FALLBACK_PROVIDER && this.config.defaultModel === undefined)
      new Logger(LLMService.name).warn(
        `No model provider is configured: ${id} answers with scripted text. Set a key such as OPENAI_API_KEY.`,
      );
  }

  /**
   * The model of this name: `provider:model`, or a listed model's bare name. Without a name DEFAULT_MODEL, else the first
   * model of the first configured provider.
   * @throws Problem model-unknown, model-not-configured
   */
  resolve(name: string = this.defaultName()): ResolvedModel {
    const colon = name.indexOf(':');
    const provider = colon > 0 ? this.registry.get(name.slice(0, colon)) : undefined;
    return provider ? this.modelOf(provider, name.slice(colon + 1)) : this.bareModel(name);
  }

  /**
   * Calls a model. A failure before the first delta is repeated as MODEL_MAX_RETRIES allows; the usage is always there
   * before `finish`, estimated when the provider reports none.
   * @throws Problem of `llm.errors.ts`, or the signal's reason
   */
  stream(request: LlmRequest): AsyncIterable<readonly ChatDelta[]> {
    const { provider, model } = this.resolve(request.model);
    const { plugin } = this.registered(provider);
    const policy = { ...DEFAULT_RETRY_POLICY, maxRetries: this.config.maxRetries };
    const call = async () => (await plugin.chatModel()).stream({ ...request, model });
    return meteredStream(retriedStream(call, policy, request.signal), request.messages);
  }

  /** In USD; null when the model's price is not known. `id` is a model's name as `resolve` gives it. */
  cost(id: string, usage: TokenUsage): number | null {
    const { provider, model } = split(id);
    return this.prices.cost(provider, model, usage);
  }

  /** What a call that broke off has used, for those who account for it all the same. */
  estimateUsage(messages: readonly ChatMessage[], output: string): Promise<TokenUsage> {
    return estimatedUsage(messages, output);
  }

  /** Every model of every configured provider. */
  models(): readonly OfferedModel[] {
    const defaultId = this.resolve().id;
    return this.registry.configured().flatMap(({ name: provider, plugin }) =>
      plugin.models().map((description) => {
        const id = `${provider}:${description.name}`;
        const price = this.prices.priceOf(provider, description.name);
        return { id, provider, model: description.name, description, price, isDefault: id === defaultId };
      }),
    );
  }

  /** Every provider, configured or not. */
  providers(): readonly OfferedProvider[] {
    const { provider } = this.resolve();
    return this.registry.all().map(({ name, title, configuredBy, plugin }) => ({
      name,
      title,
      configuredBy,
      configured: plugin.isConfigured(),
      isDefault: name === provider,
    }));
  }

  private defaultName(): string {
    if (this.config.defaultModel !== undefined) return this.config.defaultModel;
    const provider = this.registry.configured()[0];
    const model = provider?.plugin.models()[0];
    if (provider === undefined || model === undefined)
      throw modelNotConfigured('No model provider is configured. Set a key such as OPENAI_API_KEY.');
    return `${provider.name}:${model.name}`;
  }

  private modelOf(registered: RegisteredProvider, model: string): ResolvedModel {
    const { name: provider, plugin, configuredBy } = registered;
    if (!plugin.isConfigured())
      throw modelNotConfigured(
        `The provider of "${shown(`${provider}:${model}`)}" is not configured. Set ${configuredBy.join(' and ')}, or choose a model of GET /api/v1/models.`,
      );
    const description =
      plugin.models().find(({ name }) => name === model) ?? (isName(model) ? plugin.describe?.(model) : undefined);
    if (description === undefined) throw unknown(`${provider}:${model}`);
    return { id: `${provider}:${model}`, provider, model, description };
  }

  private bareModel(name: string): ResolvedModel {
    const provider = this.registry
      .configured()
      .find(({ plugin }) => plugin.models().some((model) => model.name === name));
    if (provider === undefined) throw unknown(name);
    return this.modelOf(provider, name);
  }

  private registered(name: string): RegisteredProvider {
    const provider = this.registry.get(name);
    if (provider === undefined) throw unknown(name);
    return provider;
  }
}

function split(id: string): { readonly provider: string; readonly model: string } {
  const colon = id.indexOf(':');
  return { provider: id.slice(0, Math.max(colon, 0)), model: id.slice(colon + 1) };
}

/** Names that a provider may be asked about without being listed. */
const isName = (text: string): boolean => /^[\w./:@-]{1,200}$/.test(text);

const shown = (name: string): string => (name.length > 100 ? `${name.slice(0, 99)}…` : name);

const unknown = (name: string) =>
  modelUnknown(`There is no model "${shown(name)}". GET /api/v1/models lists the models, as "provider:model".`);
