import type { Detector } from '../../src/security/redaction/detector.js';

/** What a detector finds in a text. */
export const detected = ({ find }: Detector, text: string): readonly string[] =>
  [...find(text)].map(({ start, end }) => text.slice(start, end));
