import { spansOf, type Detector } from '../detector.js';

const WRITTEN = /(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-]|\.\d)/g;
const NAMED =
  /(?<before>(?<![a-z])(?:ssn|social security number)[ \t:#=]{1,4})(?!000|666|9)\d{3}[- ]?(?!00)\d{2}[- ]?(?!0000)\d{4}(?!\w)/gi;

/** Social security numbers of the United States, of the ranges that are given out; nine digits only behind the name. */
export const ssnDetector: Detector = {
  kind: 'ssn',
  find: (group) => [...spansOf(WRITTEN, group), ...spansOf(NAMED, group)],
};
