import { FORMATS } from './formats.ts';
import type { ParsedText, ParseOrder } from './parsed-text.ts';
import { Unreadable } from './parsed-text.ts';

const PDF_TYPE = 'application/pdf';
const ZIP_TYPES = /^application\/(?:zip$|vnd\.openxmlformats-officedocument\.)/;

/** The text of a document. @throws Unreadable */
export async function parseDocument({ bytes, mediaType, ...limits }: ParseOrder): Promise<ParsedText> {
  if (bytes.length === 0) throw new Unreadable('The file is empty.');
  const format = FORMATS.find((one) => one.mediaType === mediaType);
  if (!format) throw new Unreadable('Files of this kind are not read. Send pdf, docx, html, md, txt, csv or json.');
  await refuseOther(bytes, mediaType);
  const text = await format.text(bytes, limits);
  if (text.trim() === '') throw new Unreadable('The document holds no text.');
  if (text.length > limits.maxCharacters)
    throw new Unreadable(`The text is longer than ${limits.maxCharacters} characters. Split the document.`);
  return { text: text.replaceAll('\0', '\ufffd').toWellFormed(), form: format.form };
}

/** What a file is shows in its first bytes, unless it is text. @throws Unreadable when its name says otherwise */
async function refuseOther(bytes: Uint8Array, mediaType: string): Promise<void> {
  const { fileTypeFromBuffer } = await import('file-type');
  const found = await fileTypeFromBuffer(bytes).catch(() => undefined);
  const isBinary = mediaType === PDF_TYPE || ZIP_TYPES.test(mediaType);
  if (found === undefined) {
    if (isBinary)
      throw new Unreadable(`The file is not what its name says: it is no ${nameOf(mediaType)}, or damaged.`);
    return;
  }
  if (found.mime === mediaType || isTextual(found.mime)) {
    if (isBinary && isTextual(found.mime)) throw mismatch(found.ext, mediaType);
    return;
  }
  const isOtherZip =
    ZIP_TYPES.test(mediaType) && (found.mime === 'application/zip' || found.mime === 'application/x-cfb');
  if (!isOtherZip) throw mismatch(found.ext, mediaType);
}

const isTextual = (mime: string): boolean =>
  mime.startsWith('text/') || mime === 'application/xml' || mime === 'application/json';

const mismatch = (found: string, mediaType: string): Unreadable =>
  new Unreadable(`The file is not what its name says: its content is ${found}, not ${nameOf(mediaType)}.`);

const nameOf = (mediaType: string): string =>
  mediaType.endsWith('wordprocessingml.document') ? 'docx' : (mediaType.split('/')[1] ?? mediaType);
