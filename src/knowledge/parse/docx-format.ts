import { markdownOf } from './html-format.ts';
import type { DocumentFormat } from './parsed-text.ts';
import { Unreadable } from './parsed-text.ts';
import { refuseZipBomb } from './zip-guard.ts';

/** What Word saves with a password is no ZIP but an OLE file. */
const OLE = Buffer.from([0xd0, 0xcf, 0x11, 0xe0]);

export const DOCX: DocumentFormat = {
  mediaType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  form: 'markdown',
  async text(bytes) {
    if (OLE.equals(bytes.subarray(0, OLE.length)))
      throw new Unreadable('The file is encrypted or of an old format. Save it as DOCX without a password.');
    refuseZipBomb(bytes);
    const { default: mammoth } = await import('mammoth');
    try {
      const { value } = await mammoth.convertToHtml({ buffer: Buffer.from(bytes) }, { includeDefaultStyleMap: true });
      return await markdownOf(value);
    } catch {
      throw new Unreadable('The file is damaged or no DOCX.');
    }
  },
};
