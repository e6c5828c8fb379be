import type { DocumentFormat, ParseLimits } from './parsed-text.ts';
import { Unreadable } from './parsed-text.ts';

const END_MARK = '%%EOF';
/** The end mark stands in the last bytes of a whole file; what was appended to it may follow. */
const TAIL_BYTES = 2_048;
/** A gap between lines of more than this many line heights begins a paragraph. */
const PARAGRAPH_GAP = 1.7;

export const PDF: DocumentFormat = {
  mediaType: 'application/pdf',
  form: 'plain',
  async text(bytes, limits) {
    const tail = Buffer.from(bytes.subarray(-TAIL_BYTES)).toString('latin1');
    if (!tail.includes(END_MARK)) throw new Unreadable('The PDF was cut off: its end is missing.');
    const text = await pagesOf(bytes, limits);
    if (text.trim() === '')
      throw new Unreadable('The PDF holds no text, only pictures of it. Have its text recognised first (OCR).');
    return text;
  },
};

async function pagesOf(bytes: Uint8Array, { maxPages, maxCharacters }: ParseLimits): Promise<string> {
  const { getDocumentProxy } = await import('unpdf');
  const pdf = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 }).catch(refused);
  if (pdf.numPages > maxPages) throw new Unreadable(`The PDF has ${pdf.numPages} pages; ${maxPages} are read at most.`);
  const pages: string[] = [];
  let length = 0;
  for (let number = 1; number <= pdf.numPages && length <= maxCharacters; number++) {
    const page = await pdf.getPage(number).catch(refused);
    const { items } = await page.getTextContent().catch(refused);
    const text = pageText(items.flatMap((item) => ('str' in item ? [item] : [])));
    page.cleanup();
    pages.push(text);
    length += text.length;
  }
  return pages.filter((page) => page !== '').join('\n\n');
}

interface TextItem {
  readonly str: string;
  readonly hasEOL: boolean;
  readonly height: number;
  readonly transform: readonly unknown[];
}

function pageText(items: readonly TextItem[]): string {
  let text = '';
  let last: number | undefined;
  for (const { str, hasEOL, height, transform } of items) {
    const line = Number(transform[5]);
    if (str.trim() !== '') {
      const isApart = last !== undefined && Math.abs(last - line) > PARAGRAPH_GAP * Math.max(height, 1);
      if (isApart && text.endsWith('\n') && !text.endsWith('\n\n')) text += '\n';
      last = line;
    }
    text += str + (hasEOL ? '\n' : '');
  }
  return text.replaceAll('\0', '').toWellFormed().trim();
}

function refused(error: unknown): never {
  const name = error instanceof Error ? error.name : '';
  if (name === 'PasswordException') throw new Unreadable('The PDF is encrypted. Save it without a password.');
  throw new Unreadable('The PDF is damaged.');
}
