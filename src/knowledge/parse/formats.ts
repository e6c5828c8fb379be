import { DOCX } from './docx-format.ts';
import { HTML } from './html-format.ts';
import type { DocumentFormat } from './parsed-text.ts';
import { PDF } from './pdf-format.ts';
import { CSV, JSON_FILE, MARKDOWN, PLAIN_TEXT } from './text-formats.ts';

/** Every kind of file that is read. */
export const FORMATS: readonly DocumentFormat[] = [PDF, DOCX, HTML, MARKDOWN, PLAIN_TEXT, CSV, JSON_FILE];
