import { pluginKind } from '../../platform/plugin/plugin.registry.js';

export interface EmbeddingIdentity {
  /** The prefix of its models' names: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** The environment variables that configure it, for the sentence of an error. Empty when it needs none. */
  readonly configuredBy: readonly string[];
}

/** Makes a class a source of embeddings: `@EmbeddingProvider({ name: 'local', configuredBy: [] })`. */
export const EmbeddingProvider = pluginKind<EmbeddingIdentity>('embedding provider');

/**
 * The cosine of texts that have nothing to do with each other, and of a question and a passage that answers it: what
 * scores 0 and 1. They differ much between models.
 */
export interface SimilarityRange {
  readonly unrelated: number;
  readonly same: number;
}

export interface EmbeddingModel {
  readonly similarity: SimilarityRange;
  /** Most texts of one call. */
  readonly batch: number;
  /**
   * A vector per text, all of the same dimensions, of any length; the same text has the same vector.
   * @throws Problem, the signal's reason, or any error for a failure without details
   */
  embed(texts: readonly string[], kind: 'passage' | 'query', signal: AbortSignal): Promise<readonly Float32Array[]>;
}

export interface EmbeddingPlugin {
  isConfigured(): boolean;
  /** Undefined when it has no model of that name. */
  model(name: string): EmbeddingModel | undefined;
}
