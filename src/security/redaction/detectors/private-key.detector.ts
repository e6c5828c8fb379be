import type { Detector } from '../detector.js';

export const PRIVATE_KEY = 'private-key';
export const FOOTER = '-----END ';
const DASHES = '-----';

const HEADER = /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/;

/** Private keys in PEM, from the header to the footer; without a footer to the end, and whoever reads on goes on hiding. */
export const privateKeyDetector: Detector = {
  kind: PRIVATE_KEY,
  find: (group) => {
    const header = group.includes('-----BEGIN ') ? HEADER.exec(group) : null;
    if (!header) return [];
    return [{ start: header.index, end: afterFooter(group, header.index + header[0].length) ?? group.length }];
  },
};

/** Where the first footer at or behind `from` has ended; undefined when there is none yet. */
export function afterFooter(text: string, from: number): number | undefined {
  const footer = text.indexOf(FOOTER, from);
  const end = footer < 0 ? -1 : text.indexOf(DASHES, footer + FOOTER.length);
  return end < 0 ? undefined : end + DASHES.length;
}
