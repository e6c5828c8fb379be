import { Unreadable } from './parsed-text.ts';

/** Control characters that no text holds, but for tab, line ends, form feed and escape. */
// oxlint-disable-next-line no-control-regex
const BINARY = /[\0-\x08\x0B\x0E-\x1A\x1C-\x1F]/;

/**
 * The text of a text file: UTF-16 where it begins with its mark, UTF-8, else Windows-1252. Line ends become "\n".
 * @throws Unreadable for what is no text
 */
export function decodedText(bytes: Uint8Array): string {
  if (bytes.length === 0) throw new Unreadable('The file is empty.');
  const text = decoded(bytes);
  if (BINARY.test(text)) throw new Unreadable('The file is no text: it holds binary data.');
  return text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').toWellFormed();
}

function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
