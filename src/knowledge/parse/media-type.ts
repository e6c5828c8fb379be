import { extname } from 'node:path';

/** The kinds of file that are read, by the endings of their names. */
const BY_ENDING: ReadonlyMap<string, string> = new Map([
  ['.pdf', 'application/pdf'],
  ['.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['.html', 'text/html'],
  ['.htm', 'text/html'],
  ['.md', 'text/markdown'],
  ['.markdown', 'text/markdown'],
  ['.txt', 'text/plain'],
  ['.text', 'text/plain'],
  ['.csv', 'text/csv'],
  ['.json', 'application/json'],
]);

const SUPPORTED_TYPES: ReadonlySet<string> = new Set(BY_ENDING.values());

export const UNKNOWN_TYPE = 'application/octet-stream';

/** What a file says it is: by its name's ending, else by the type it was sent with. Whether it is that is seen when it is read. */
export function declaredType(name: string, sentAs?: string): string {
  const ending = extname(name).toLowerCase();
  const sent = sentAs?.split(';')[0]?.trim().toLowerCase() ?? '';
  return BY_ENDING.get(ending) ?? (ending === '' && SUPPORTED_TYPES.has(sent) ? sent : UNKNOWN_TYPE);
}
