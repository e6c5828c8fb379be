import { pluginKind } from '../platform/plugin/plugin.registry.js';

export const RETRIEVAL_MODES = ['hybrid', 'vector', 'text'] as const;
export type RetrievalMode = (typeof RETRIEVAL_MODES)[number];

export interface RetrievalRequest {
  readonly workspaceId: string;
  readonly userId: string;
  readonly query: string;
  /** Names; without them, and without documents, all that the user may read. */
  readonly collections?: readonly string[];
  readonly documentIds?: readonly string[];
  /** Only documents whose metadata has all of this. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Most chunks. */
  readonly limit: number;
  /** Least score, 0 to 1. */
  readonly threshold?: number;
  readonly mode: RetrievalMode;
  readonly signal: AbortSignal;
}

export interface RetrievedChunk {
  readonly documentId: string;
  readonly chunkId: string;
  /** Of the document. */
  readonly title: string;
  readonly uri?: string;
  /** 0 to 1; 1 fits best. */
  readonly score: number;
  /** The whole chunk. */
  readonly text: string;
  /** The part of the text to show for it; its beginning when absent. */
  readonly snippet?: string;
  /** Where the text stands in the document, in characters. */
  readonly start?: number;
  readonly end?: number;
}

export interface RetrieverOptions {
  /** Used only where no other is listed. */
  readonly isDefault?: boolean;
}

/** Makes a class the retriever of this server, in place of the default one, which searches the server's own documents. */
export const Retriever = pluginKind<RetrieverOptions | void>('retriever');

export interface RetrieverPlugin {
  /** The chunks that fit the query best, best first. @throws Problem, or any error for a failure without details */
  retrieve(request: RetrievalRequest): Promise<readonly RetrievedChunk[]>;
}
