import { spansOf, type Detector } from '../detector.js';

const TOKEN = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{7,}(?:\.[A-Za-z0-9_-]{2,}){1,4}/g;

/** JSON web tokens, signed or encrypted, also when the signature is missing. `eyJ` is the beginning of a JSON object. */
export const jwtDetector: Detector = {
  kind: 'jwt',
  find: (group) => (group.includes('eyJ') ? spansOf(TOKEN, group) : []),
};
