import { spansOf, type Detector } from '../detector.js';

const INTERNATIONAL = /(?<![\w.+-])\+[1-9](?:[ ().-]{0,2}\d){7,14}(?!\w|[.-]\d)/g;
const AMERICAN = /(?<![\w.+/-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?!\w|[.-]\d)/g;
const NATIONAL = /(?<![\w.+/-])(?:\(0\d{1,4}\)|0[1-9]\d{0,4})[ /-]\d{2,9}(?:[ -]\d{2,8}){0,4}(?!\w|[.:-]\d)/g;

/** Telephone numbers: with a country code, as North America writes them, or with a leading zero and a separator. */
export const phoneDetector: Detector = {
  kind: 'phone',
  find: (group) => [
    ...spansOf(INTERNATIONAL, group),
    ...spansOf(AMERICAN, group),
    ...spansOf(NATIONAL, group, (text) => isLong(text)),
  ],
};

const isLong = (text: string): boolean => {
  const digits = text.replace(/\D/g, '').length;
  return digits >= 9 && digits <= 13;
};
