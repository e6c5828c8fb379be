/** A text that cannot be had, for a reason of the document's own: `message` is a sentence for its owner. */
export class Unreadable extends Error {}

export interface ParseLimits {
  readonly maxPages: number;
  readonly maxCharacters: number;
}

/** How a text is cut: `markdown` along headings, lists, tables and fences, `plain` along paragraphs, `rows` line by line. */
export type TextForm = 'markdown' | 'plain' | 'rows';

export interface ParsedText {
  readonly text: string;
  readonly form: TextForm;
}

export interface ParseOrder extends ParseLimits {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** What the thread answers. */
export type ParseAnswer = { readonly parsed: ParsedText } | { readonly fault: string } | { readonly error: string };

/** Takes the text out of one kind of file. Runs in a thread of its own, so it may block. @throws Unreadable */
export interface DocumentFormat {
  readonly mediaType: string;
  readonly form: TextForm;
  text(bytes: Uint8Array, limits: ParseLimits): string | Promise<string>;
}
