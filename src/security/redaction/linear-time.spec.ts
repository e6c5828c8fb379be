import { growth } from '../../../test/support/growth.js';
import { redact } from './redact.js';

const MEGABYTE = 1_048_576;
const filled = (unit: string): string => unit.repeat(Math.ceil(MEGABYTE / unit.length)).slice(0, MEGABYTE);

describe('a megabyte made to be slow', () => {
  it.each(
    [
      'a',
      '1',
      '1 ',
      '-',
      '@',
      'a@',
      'a.',
      '+1',
      '+1 ',
      '(',
      '(2',
      '0/',
      'eyJ',
      'eyJa.',
      'sk-',
      '://',
      'a://:',
      'a://a:a',
      '=',
      'password',
      'password=',
      'password ',
      'password: "',
      'is ',
      'bearer ',
      'Bearer A',
      'DE89 ',
      'DE89',
      '-----BEGIN ',
      '-----BEGIN RSA PRIVATE KEY-----',
      '-----END ',
      '4111 ',
      '4111',
      '"',
      "'",
      '\\',
      ' ',
      '\n',
      '日',
      '\ud83d\ude00',
      'ssn: ',
      '--',
      'api key',
      'The quick brown fox. ',
    ].map((unit) => [unit]),
  )('of %j takes about as long as eight eighths of it', (unit) => {
    const [whole, part] = [filled(unit), filled(unit).slice(0, MEGABYTE / 8)];
    const parts = Array.from({ length: 8 }, () => () => redact(part));
    // A quadratic one would take eight times as long.
    expect(growth(parts, () => redact(whole))).toBeLessThan(3.5);
  });
});
