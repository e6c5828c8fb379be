import { pluginKind } from '../platform/plugin/plugin.registry.js';
import type { ChatModel } from './chat-model.js';

export interface ModelCapabilities {
  readonly tools: boolean;
  readonly structuredOutput: boolean;
  readonly vision?: boolean;
}

export interface ModelDescription {
  /** The name at its provider, without the provider's prefix. */
  readonly name: string;
  readonly title?: string;
  /** Tokens of input and output together. */
  readonly contextWindow: number;
  /** The context window is a guess: nothing is refused for its sake. */
  readonly isAssumed?: true;
  readonly maxOutputTokens?: number;
  readonly capabilities: ModelCapabilities;
}

export interface ProviderIdentity {
  /** The prefix of its models' names on the API: lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly title: string;
  /** Providers stand in this order, lowest first; the first configured one gives the default model. */
  readonly rank: number;
  /** The environment variables that configure it, for the sentence of an error. Empty when it needs none. */
  readonly configuredBy: readonly string[];
}

/** Marks a class as a provider of models: `@Provider({ name: 'openai', ... })` and one line in its module. */
export const Provider = pluginKind<ProviderIdentity>('model provider');

/** A source of models. Asked on each call, so its methods are cheap; connections and imports wait for `chatModel`. */
export interface ModelProvider {
  isConfigured(): boolean;
  /** The models on offer, the provider's default first. Empty only when not configured. */
  models(): readonly ModelDescription[];
  /** A model that is not listed but works all the same, such as a dated or fine-tuned one; undefined when there is none. */
  describe?(name: string): ModelDescription | undefined;
  /**
   * The `host:port` that a workspace's own key for it is sent to, as `apiKey` of a request; the provider then serves the
   * workspace without being configured. Absent or undefined: it takes no such key.
   */
  keyHost?(): string | undefined;
  chatModel(): ChatModel | Promise<ChatModel>;
}
