import fc from 'fast-check';
import { attachment } from './attachment.js';

describe('the Content-Disposition of a download', () => {
  it('names an ordinary file twice', () => {
    expect(attachment('Launch plan (2)', 'md')).toBe(
      `attachment; filename="Launch plan (2).md"; filename*=UTF-8''Launch%20plan%20%282%29.md`,
    );
  });

  it('keeps letters of every script in the second name, and their ASCII likeness in the first', () => {
    expect(attachment('Überblick 計画 👩‍👩‍👧', 'json')).toBe(
      `attachment; filename="Uberblick _ _.json"; filename*=UTF-8''${encodeURIComponent('Überblick 計画 👩‍👩‍👧')}.json`,
    );
    expect(attachment('計画', 'json')).toContain('filename="download.json"');
  });

  it.each([
    ['../../etc/passwd', 'etc passwd'],
    ['a"; filename="b.exe', 'a filename= b.exe'],
    ['a\r\nSet-Cookie: b=c', 'a Set-Cookie b=c'],
    ['invoice\u202egnp.exe', 'invoice gnp.exe'],
    ['C:\\x\0y', 'C x y'],
    ['.bashrc', 'bashrc'],
    ['--help', 'help'],
    [' . ', 'download'],
    ['', 'download'],
  ])('makes %j harmless', (name, shown) => {
    expect(attachment(name, 'md')).toContain(`filename="${shown}.md"; filename*=UTF-8''`);
  });

  it('is a header of printable ASCII whose names are short and well formed, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        const [, ascii, whole] = /^attachment; filename="([^"\\%/]+)\.md"; filename\*=UTF-8''([\w.!~%-]+)$/.exec(
          attachment(name, 'md'),
        )!;
        expect(ascii).toMatch(/^[ -~]+$/);
        expect(Buffer.byteLength(decodeURIComponent(whole!))).toBeLessThanOrEqual(200);
        expect(decodeURIComponent(whole!)).not.toMatch(/[/\\\p{Cc}]/u);
      }),
    );
  });
});
