/** Languages whose words PostgreSQL reduces to their stems; `simple` leaves words as they are. */
export const LANGUAGES = [
  'simple',
  'arabic',
  'armenian',
  'basque',
  'catalan',
  'danish',
  'dutch',
  'english',
  'finnish',
  'french',
  'german',
  'greek',
  'hindi',
  'hungarian',
  'indonesian',
  'irish',
  'italian',
  'lithuanian',
  'nepali',
  'norwegian',
  'portuguese',
  'romanian',
  'russian',
  'serbian',
  'spanish',
  'swedish',
  'tamil',
  'turkish',
  'yiddish',
] as const;

export const DEFAULT_COLLECTION = 'default';
export const DEFAULT_LANGUAGE = 'simple';

/** Documents that are searched alike. Neither language nor model change: what is in it was made with them. */
export interface Collection {
  readonly id: string;
  readonly name: string;
  /** One of {@link LANGUAGES}. */
  readonly language: string;
  /** provider:model */
  readonly embeddingModel: string;
  readonly documentCount: number;
  readonly createdAt: string;
}

export interface NewCollection {
  readonly name: string;
  readonly language?: string;
  readonly embeddingModel?: string;
}
