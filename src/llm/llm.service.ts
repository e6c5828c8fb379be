import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { ChatDelta, ChatMessage, ChatRequest, TokenUsage } from './chat-model.js';
import { LlmConfig } from './llm.config.js';
import { modelNotConfigured, modelUnknown } from './llm.errors.js';
import { GenAiTelemetry, type ModelCallObserver } from '../platform/telemetry/gen-ai-telemetry.js';
import { meteredStream } from './metered-stream.js';
import type { ModelDescription } from './model-provider.js';
import { observedStream } from './observed-stream.js';
import { PriceBook, type ModelPrice } from './price-book.js';
import { ProviderKeys } from './provider-keys.js';
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
  /** The workspace has a key of its own for it. */
  readonly hasOwnKey: boolean;
  readonly isDefault: boolean;
}

/** A request to any model: `model` is a name of the API, by default the default model of the workspace. */
export type LlmRequest = Omit<ChatRequest, 'model' | 'apiKey'> & {
  readonly model?: string;
  /** Whose own key for the provider is used, when there is one. */
  readonly workspaceId?: string;
};

/** The names of providers that a workspace has a key of its own for. */
export type Keyed = Pick<ReadonlySet<string>, 'has'>;

const NONE: Keyed = new Set<string>();

/** The last in rank: serves when no other is configured. */
const FALLBACK_PROVIDER = 'scripted';

/** The one door to models: names, calls with retries and usage, prices. */
@Injectable()
export class LLMService implements OnApplicationBootstrap {
  constructor(
    private readonly registry: ProviderRegistry,
    private readonly config: LlmConfig,
    private readonly prices: PriceBook,
    private readonly keys: ProviderKeys,
    private readonly telemetry: GenAiTelemetry,
  ) {}

  /** @throws Problem when DEFAULT_MODEL names no usable model: better at start than with the first message. */
  onApplicationBootstrap(): void {
    const { id, provider } = this.resolve();
    if (provider === FALLBACK_PROVIDER && this.config.defaultModel === undefined)
      new Logger(LLMService.name).warn(
        `No model provider is configured: ${id} answers with scripted text. Set a key such as OPENAI_API_KEY.`,
      );
  }

  /** For what the other methods say of a workspace. Asks the database at most every few seconds. */
  keyed(workspaceId: string): Promise<Keyed> {
    return this.keys.of(workspaceId);
  }

  /**
   * The model of this name: `provider:model`, or a listed model's bare name. Without a name DEFAULT_MODEL, else the first
   * model of the first provider that is configured, or that the workspace has a key for.
   * @throws Problem model-unknown, model-not-configured
   */
  resolve(name?: string, keyed: Keyed = NONE): ResolvedModel {
    return this.named(name ?? this.defaultName(keyed), keyed);
  }

  /**
   * Calls a model. A failure before the first delta is repeated as MODEL_MAX_RETRIES allows; the usage is always there
   * before `finish`, estimated when the provider reports none.
   * @throws Problem of `llm.errors.ts`, or the signal's reason
   */
  stream(request: LlmRequest): AsyncIterable<readonly ChatDelta[]> {
    const policy = { ...DEFAULT_RETRY_POLICY, maxRetries: this.config.maxRetries };
    const call = () => this.call(request);
    const batches = meteredStream(retriedStream(call, policy, request.signal), request.messages);
    return observedStream(() => this.observed(request), batches, request.signal);
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

  /** Every model of every provider that is configured, or that the workspace has a key for. */
  models(keyed: Keyed = NONE): readonly OfferedModel[] {
    const defaultId = this.resolve(undefined, keyed).id;
    return this.usable(keyed).flatMap(({ name: provider, plugin }) =>
      plugin.models().map((description) => {
        const id = `${provider}:${description.name}`;
        const price = this.prices.priceOf(provider, description.name);
        return { id, provider, model: description.name, description, price, isDefault: id === defaultId };
      }),
    );
  }

  /** Every provider, configured or not. */
  providers(keyed: Keyed = NONE): readonly OfferedProvider[] {
    const { provider } = this.resolve(undefined, keyed);
    return this.registry.all().map((registered) => ({
      name: registered.name,
      title: registered.title,
      configuredBy: registered.configuredBy,
      configured: isUsable(registered, keyed),
      hasOwnKey: hasOwnKey(registered, keyed),
      isDefault: registered.name === provider,
    }));
  }

  private observed({ model: id, temperature, maxTokens }: LlmRequest): ModelCallObserver {
    const { provider, model } = split(id ?? this.defaultName(NONE));
    return this.telemetry.modelCall({ provider, model, temperature, maxTokens });
  }

  private async call({ workspaceId, ...request }: LlmRequest): Promise<AsyncIterable<readonly ChatDelta[]>> {
    const keyed = workspaceId === undefined ? NONE : await this.keys.of(workspaceId);
    const { provider, model } = this.resolve(request.model, keyed);
    const { plugin } = this.registered(provider);
    const apiKey = workspaceId === undefined ? undefined : await this.keys.keyFor(workspaceId, provider);
    return (await plugin.chatModel()).stream({ ...request, model, apiKey });
  }

  private named(name: string, keyed: Keyed): ResolvedModel {
    const colon = name.indexOf(':');
    const provider = colon > 0 ? this.registry.get(name.slice(0, colon)) : undefined;
    return provider ? this.modelOf(provider, name.slice(colon + 1), keyed) : this.bareModel(name, keyed);
  }

  private defaultName(keyed: Keyed): string {
    if (this.config.defaultModel !== undefined) return this.config.defaultModel;
    const provider = this.usable(keyed)[0];
    const model = provider?.plugin.models()[0];
    if (provider === undefined || model === undefined)
      throw modelNotConfigured('No model provider is configured. Set a key such as OPENAI_API_KEY.');
    return `${provider.name}:${model.name}`;
  }

  private modelOf(registered: RegisteredProvider, model: string, keyed: Keyed): ResolvedModel {
    const { name: provider, plugin, configuredBy } = registered;
    if (!isUsable(registered, keyed))
      throw modelNotConfigured(
        `The provider of "${shown(`${provider}:${model}`)}" is not configured. Set ${configuredBy.join(' and ')}, or choose a model of GET /api/v1/models.`,
      );
    const description =
      plugin.models().find(({ name }) => name === model) ?? (isName(model) ? plugin.describe?.(model) : undefined);
    if (description === undefined) throw unknown(`${provider}:${model}`);
    return { id: `${provider}:${model}`, provider, model, description };
  }

  private bareModel(name: string, keyed: Keyed): ResolvedModel {
    const provider = this.usable(keyed).find(({ plugin }) => plugin.models().some((model) => model.name === name));
    if (provider === undefined) throw unknown(name);
    return this.modelOf(provider, name, keyed);
  }

  private usable(keyed: Keyed): readonly RegisteredProvider[] {
    return this.registry.all().filter((provider) => isUsable(provider, keyed));
  }

  private registered(name: string): RegisteredProvider {
    const provider = this.registry.get(name);
    if (provider === undefined) throw unknown(name);
    return provider;
  }
}

const hasOwnKey = ({ name, plugin }: RegisteredProvider, keyed: Keyed): boolean =>
  keyed.has(name) && plugin.keyHost?.() !== undefined;

const isUsable = (provider: RegisteredProvider, keyed: Keyed): boolean =>
  provider.plugin.isConfigured() || hasOwnKey(provider, keyed);

function split(id: string): { readonly provider: string; readonly model: string } {
  const colon = id.indexOf(':');
  return { provider: id.slice(0, Math.max(colon, 0)), model: id.slice(colon + 1) };
}

/** Names that a provider may be asked about without being listed. */
const isName = (text: string): boolean => /^[\w./:@-]{1,200}$/.test(text);

const shown = (name: string): string => (name.length > 100 ? `${name.slice(0, 99)}…` : name);

const unknown = (name: string) =>
  modelUnknown(`There is no model "${shown(name)}". GET /api/v1/models lists the models, as "provider:model".`);
