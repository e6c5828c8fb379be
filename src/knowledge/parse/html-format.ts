import type { DocumentFormat } from './parsed-text.ts';
import { decodedText } from './text-decoding.ts';

/** What a reader of the page does not read. */
const UNREAD = 'script, style, noscript, template, svg, iframe, object, head, nav, form, button, [hidden]';

/** Pages as Markdown, without what is no text. */
export const HTML: DocumentFormat = {
  mediaType: 'text/html',
  form: 'markdown',
  text: (bytes) => markdownOf(decodedText(bytes)),
};

export async function markdownOf(html: string): Promise<string> {
  const [{ load }, { default: Turndown }] = await Promise.all([import('cheerio'), import('turndown')]);
  const page = load(html);
  page(UNREAD).remove();
  page('img').remove();
  page('tr').each((_, row) => {
    const cells = page(row)
      .children('td, th')
      .toArray()
      .map((cell) => page(cell).text().replace(/\s+/g, ' ').trim());
    page(row).replaceWith(page('<p></p>').text(`| ${cells.join(' | ')} |`));
  });
  const turndown = new Turndown({ headingStyle: 'atx', codeBlockStyle: 'fenced', bulletListMarker: '-' });
  turndown.escape = (text) => text;
  return turndown.turndown(page('body').html() ?? '').replaceAll('|\n\n|', '|\n|');
}
