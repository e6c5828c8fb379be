import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Problem } from '../../platform/problem/problem.js';
import { embeddingFailed } from '../knowledge.errors.js';
import { EmbeddingRegistry } from './embedding.registry.js';
import type { SimilarityRange } from './embedding-provider.js';
import { toUnit, vectorOfBytes } from './unit-vector.js';

export interface Embedded {
  readonly hash: Buffer;
  /** Of length 1. */
  readonly vector: Float32Array;
}

/** Most queries whose vectors are remembered: a workflow that retrieves in a loop asks the same again. */
const MAX_QUERIES = 500;

/** Texts as vectors. What the workspace has embedded before with the same model is not embedded again. */
@Injectable()
export class Embeddings {
  private readonly queries = new Map<string, Float32Array>();

  constructor(
    private readonly models: EmbeddingRegistry,
    private readonly database: Database,
  ) {}

  similarityOf(model: string): SimilarityRange {
    return this.models.get(model).similarity;
  }

  batchOf(model: string): number {
    return this.models.get(model).batch;
  }

  /** In the order of the texts, at most `batchOf(model)`. @throws Problem embedding-failed or of the provider */
  async passages(
    workspaceId: string,
    model: string,
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Embedded[]> {
    const hashes = texts.map((text) => hashOf(model, text));
    const known = await this.known(workspaceId, hashes);
    const missing = new Map(
      texts.flatMap((text, index) => {
        const key = hashes[index]?.toString('hex') ?? '';
        return known.has(key) ? [] : [[key, text] as const];
      }),
    );
    const made = await this.embed(model, [...missing.values()], 'passage', signal);
    [...missing.keys()].forEach((key, index) => known.set(key, made[index] ?? new Float32Array()));
    return hashes.map((hash) => ({ hash, vector: known.get(hash.toString('hex')) ?? new Float32Array() }));
  }

  /** @throws Problem embedding-failed or of the provider */
  async query(model: string, text: string, signal: AbortSignal): Promise<Float32Array> {
    const key = hashOf(model, text).toString('hex');
    const known = this.queries.get(key);
    if (known) return known;
    const [vector = new Float32Array()] = await this.embed(model, [text], 'query', signal);
    if (this.queries.size >= MAX_QUERIES) this.queries.delete(this.queries.keys().next().value ?? '');
    this.queries.set(key, vector);
    return vector;
  }

  private async known(workspaceId: string, hashes: readonly Buffer[]): Promise<Map<string, Float32Array>> {
    const rows = await this.database.query<{ hash: Buffer; embedding: Buffer }>(KNOWN, [workspaceId, hashes]);
    return new Map(rows.map(({ hash, embedding }) => [Buffer.from(hash).toString('hex'), vectorOfBytes(embedding)]));
  }

  private async embed(
    model: string,
    texts: readonly string[],
    kind: 'passage' | 'query',
    signal: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    if (texts.length === 0) return [];
    const vectors = await this.made(model, texts, kind, signal);
    const [first] = vectors;
    const isSound = ({ length }: Float32Array): boolean => length > 0 && length === first?.length;
    if (vectors.length !== texts.length || !vectors.every(isSound))
      throw embeddingFailed(`"${model}" did not answer one vector for each text.`);
    return vectors.map(toUnit);
  }

  private async made(
    model: string,
    texts: readonly string[],
    kind: 'passage' | 'query',
    signal: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    try {
      return await this.models.get(model).embed(texts, kind, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Problem) throw error;
      throw embeddingFailed(`"${model}" failed. Try again later.`, { cause: error });
    }
  }
}

const hashOf = (model: string, text: string): Buffer => createHash('sha256').update(`${model}\0${text}`).digest();

const KNOWN = `
  SELECT DISTINCT ON (embedding_hash) embedding_hash AS hash, embedding FROM chunk
  WHERE workspace_id = $1 AND embedding_hash = ANY($2::bytea[])`;
