import { pluginKind } from '../platform/plugin/plugin.registry.js';

export interface KnowledgeQuestion {
  readonly workspaceId: string;
  readonly userId: string;
  readonly query: string;
  /** Most passages. */
  readonly limit: number;
  /** The conversation that asks: it knows what it says itself. */
  readonly conversationId?: string;
  readonly signal: AbortSignal;
}

/** A passage that may answer a question. */
export interface Passage {
  readonly title: string;
  readonly text: string;
  /** 0 to 1; 1 fits best. Comparable within one source. */
  readonly score: number;
  /** What it stands in. */
  readonly source: { readonly kind: 'document' | 'conversation' } & Readonly<Record<string, string>>;
}

/** Makes a class a place beside the documents where knowledge is looked for. */
export const KnowledgeSource = pluginKind('knowledge source');

export interface Knowledge {
  /** Only what the user may read, the best first. @throws Problem, or the signal's reason */
  search(question: KnowledgeQuestion): Promise<readonly Passage[]>;
}
