import { spansOf, type Detector } from '../detector.js';

const BEARER = /(?<before>(?<![A-Za-z])bearer[ \t:"']{1,4})[A-Za-z0-9._~+/=-]{8,}/gi;
const BASIC = /(?<before>(?<![A-Za-z])basic[ \t]{1,4})[A-Za-z0-9+/]{8,}={0,2}/gi;

/** Credentials behind the scheme of an `Authorization` header. */
export const bearerDetector: Detector = {
  kind: 'bearer-token',
  find: (group) => [...spansOf(BEARER, group, isToken), ...spansOf(BASIC, group, isPair)],
};

/** No word of prose: `bearer authentication`, `Bearer tokens`. */
const isToken = (text: string): boolean => /[0-9]/.test(text) || (text.length >= 20 && /[a-z][A-Z]/.test(text));

/** User and password in base64. */
const isPair = (text: string): boolean =>
  /^[\x20-\x7e]{1,200}$/.test(Buffer.from(text, 'base64').toString('latin1')) &&
  Buffer.from(text, 'base64').includes(':');
