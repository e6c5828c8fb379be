import { setImmediate as turn } from 'node:timers/promises';
import { EmbeddingProvider, type EmbeddingModel, type EmbeddingPlugin } from './embedding-provider.js';
import { hashingEmbedding } from './hashing-embedder.js';

const HASHING: EmbeddingModel = {
  similarity: { unrelated: 0.05, same: 0.45 },
  batch: 64,
  async embed(texts, _, signal) {
    const vectors: Float32Array[] = [];
    for (const text of texts) {
      vectors.push(hashingEmbedding(text));
      if (vectors.length % 8 === 0) await turn(undefined, { signal });
    }
    return vectors;
  },
};

/** Embeddings made in this process, with no key and no download. */
@EmbeddingProvider({ name: 'local', configuredBy: [] })
export class LocalEmbeddings implements EmbeddingPlugin {
  isConfigured(): boolean {
    return true;
  }

  model(name: string): EmbeddingModel | undefined {
    return name === 'hashing' ? HASHING : undefined;
  }
}
