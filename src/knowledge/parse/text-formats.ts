import type { DocumentFormat } from './parsed-text.ts';
import { Unreadable } from './parsed-text.ts';
import { decodedText } from './text-decoding.ts';

export const PLAIN_TEXT: DocumentFormat = { mediaType: 'text/plain', form: 'plain', text: decodedText };

export const MARKDOWN: DocumentFormat = { mediaType: 'text/markdown', form: 'markdown', text: decodedText };

export const CSV: DocumentFormat = { mediaType: 'text/csv', form: 'rows', text: decodedText };

/** Laid out anew, one member a line, so that it can be cut. */
export const JSON_FILE: DocumentFormat = {
  mediaType: 'application/json',
  form: 'rows',
  text: (bytes) => JSON.stringify(parsed(decodedText(bytes)), null, 1),
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Unreadable(
      `The file is no JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'unreadable'}.`,
    );
  }
}
