import type { SimilarityRange } from '../embedding/embedding-provider.js';

/** A search among chunks that were embedded with one model. */
export interface ChunkQuery {
  readonly workspaceId: string;
  /** Where to look: ids, each with its language. */
  readonly collections: readonly { readonly id: string; readonly language: string }[];
  /** Only in these; in all of the collections when absent. */
  readonly documentIds?: readonly string[];
  /** Content words; none: not by words. */
  readonly words: readonly string[];
  /** Of length 1; absent: not by meaning. */
  readonly vector?: Float32Array;
  readonly similarity: SimilarityRange;
  readonly limit: number;
  /** Least score; what scores 0 is never found. */
  readonly threshold: number;
}

export interface FoundChunk {
  readonly id: string;
  readonly documentId: string;
  readonly title: string;
  readonly heading: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /**
   * 0 to 1: the greater of the share of the query's words that the chunk has, each weighed by its rarity, and the cosine
   * of both vectors, scaled so that 0 is unrelated and 1 as alike as a question and its answer.
   */
  readonly score: number;
  /** Its place by reciprocal rank fusion: what the order is by. */
  readonly fused: number;
}

/** Finds chunks by words and vectors. Two ways to the same answers: see the contract suite. */
export interface ChunkSearch {
  /** Best first. @throws the signal's reason */
  find(query: ChunkQuery, signal: AbortSignal): Promise<readonly FoundChunk[]>;
}
