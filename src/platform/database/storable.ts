/** What a model or a tool wrote may hold what PostgreSQL refuses to store: NUL and lone surrogates. Each becomes U+FFFD. */
export const storableText = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed();

/** The JSON text of `value` for a jsonb column; null for undefined and null. */
export const storableJson = (value: unknown): string | null =>
  value === undefined || value === null
    ? null
    : JSON.stringify(value).replace(REFUSED_ESCAPE, (escape) => (escape === '\\\\' ? escape : '\\ufffd'));

/** `JSON.stringify` escapes surrogates only where they are lone. An escaped backslash is matched to be stepped over. */
const REFUSED_ESCAPE = /\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g;
