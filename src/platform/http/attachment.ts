import { withoutEnd } from '../text/without-end.js';

/** Most bytes of a file name, well below what file systems take. */
const MAX_BYTES = 180;

/**
 * `Content-Disposition` of a download (RFC 6266): the name in ASCII for old clients, and whole beside it. The name may
 * be any text; what means something to file systems, shells or the direction of writing is left out of it.
 */
export function attachment(name: string, extension: string): string {
  const whole = fileName(name);
  const ascii = fileName(
    whole
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .replace(/[^ -~]+/g, '_'),
  );
  const shown = /[a-z\d]/i.test(ascii) ? ascii : NAMELESS;
  return `attachment; filename="${shown}.${extension}"; filename*=UTF-8''${encoded(`${whole || NAMELESS}.${extension}`)}`;
}

const NAMELESS = 'download';

const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff/\\:*?"<>|%;$`]+/gu;

function fileName(text: string): string {
  const clean = text.toWellFormed().replace(UNSAFE, ' ').replace(/\s+/g, ' ');
  let kept = '';
  for (const character of clean) {
    if (Buffer.byteLength(kept + character) > MAX_BYTES) break;
    kept += character;
  }
  return withoutEnd(kept.replace(/^[ .~-]+/, ''), ' .');
}

/** As RFC 8187 asks; `encodeURIComponent` leaves four characters more. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
