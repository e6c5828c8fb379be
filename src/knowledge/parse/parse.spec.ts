import { docx, pdf, zip } from '../../../test/support/document-files.js';
import { declaredType } from './media-type.js';
import { parseDocument } from './parse.js';

const read = (name: string, bytes: Buffer | string, limits: object = {}) =>
  parseDocument({
    bytes: Buffer.from(bytes as string),
    mediaType: declaredType(name),
    maxPages: 3,
    maxCharacters: 100_000,
    ...limits,
  });

describe('the text of a document', () => {
  it('is that of a PDF, page by page', async () => {
    const { text, form } = await read('a.pdf', pdf([['The warranty lasts', 'two years.'], ['Second page.']]));
    expect(text).toBe('The warranty lasts\ntwo years.\n\nSecond page.');
    expect(form).toBe('plain');
  });

  it('is that of a Word document, as Markdown', async () => {
    const { text, form } = await read('a.docx', docx('Warranty', ['It lasts two years.', 'No software.']));
    expect(text).toBe('# Warranty\n\nIt lasts two years.\n\nNo software.');
    expect(form).toBe('markdown');
  });

  it('is that of a page without what is no text', async () => {
    const page =
      '<html><head><title>t</title><style>p{}</style></head><body><nav>Menu</nav><h2>Hello</h2><p>A <a href="/x">link</a>.</p><script>alert(1)</script><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></body></html>';
    expect((await read('a.html', page)).text).toBe('## Hello\n\nA [link](/x).\n\n| a | b |\n| 1 | 2 |');
  });

  it.each([
    ['a.md', '# Title\r\n\r\nText'],
    ['a.txt', 'Title\n\nText'],
    ['a.csv', 'name,city\nAda,London'],
  ])('is that of %s as it is, with plain line ends', async (name, content) => {
    expect((await read(name, content)).text).toBe(content.replaceAll('\r', ''));
  });

  it('is that of JSON laid out anew', async () => {
    expect(await read('a.json', '{"a":{"b":[1]}}')).toMatchObject({
      text: expect.stringMatching(/"b": \[\n/),
      form: 'rows',
    });
  });

  it.each([
    ['UTF-16', Buffer.from('\ufeffGröße', 'utf16le'), 'Größe'],
    ['UTF-8 with a mark', Buffer.from('\ufeffGröße'), 'Größe'],
    ['Windows-1252', Buffer.from('Größe', 'latin1'), 'Größe'],
  ])('is read in %s', async (_, bytes, text) => {
    expect((await read('a.txt', bytes)).text).toBe(text);
  });

  const whole = pdf([['Some text.']]);
  const bomb = docx('Bomb', [], { 'word/media/a.bin': Buffer.alloc(120 * 1024 * 1024) });
  it.each<[string, string, Buffer | string, RegExp]>([
    ['an empty file', 'a.txt', '', /empty/],
    ['a file of blanks', 'a.txt', '  \n ', /no text/],
    ['a kind that is not read', 'a.exe', 'MZ', /kind/],
    ['binary data as text', 'a.txt', Buffer.from([1, 2, 3, 0, 255]), /binary/],
    ['a picture as text', 'a.md', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /png/],
    ['a PDF as text', 'a.txt', whole, /pdf/],
    ['text as a PDF', 'a.pdf', 'Some text', /no pdf/],
    ['text as a Word document', 'a.docx', 'Some text', /no docx/],
    ['a PDF that was cut off', 'a.pdf', whole.subarray(0, 300), /cut off/],
    ['a PDF without sound insides', 'a.pdf', '%PDF-1.4\nnothing\n%%EOF', /damaged/],
    ['an encrypted PDF', 'a.pdf', pdf([['Secret.']], { encrypted: true }), /encrypted/],
    ['a PDF of pictures', 'a.pdf', pdf([[]]), /OCR/],
    ['a PDF of too many pages', 'a.pdf', pdf([['1'], ['2'], ['3'], ['4']]), /4 pages; 3/],
    ['a ZIP file as a Word document', 'a.docx', zip({ 'a.txt': 'hello' }), /no DOCX/],
    ['a Word document that was cut off', 'a.docx', docx('A', ['b']).subarray(0, 400), /cut off|damaged/],
    ['a Word document that unpacks to more than memory has', 'a.docx', bomb, /100 MiB/],
    ['JSON that is none', 'a.json', '{"a":', /no JSON/],
    ['a text that is too long', 'a.txt', 'word '.repeat(30_000), /100000 characters/],
  ])('cannot be had from %s', async (_, name, bytes, reason) => {
    await expect(read(name, bytes)).rejects.toThrow(reason);
  });
});
