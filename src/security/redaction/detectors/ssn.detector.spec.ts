import { detected } from '../../../../test/support/detected.js';
import { ssnDetector } from './ssn.detector.js';

describe('the detector of a social security number', () => {
  it.each([
    ['123-45-6789', '123-45-6789'],
    ['SSN: 123456789', '123456789'],
    ['ssn 123 45 6789.', '123 45 6789'],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(ssnDetector, text)).toEqual([secret]);
  });

  it.each([
    '000-45-6789',
    '666-45-6789',
    '912-45-6789',
    '123-00-6789',
    '123-45-0000',
    '1123-45-6789',
    '123-45-67890',
    '123456789',
    'v123-45-6789',
  ])('finds nothing in %j', (text) => {
    expect(detected(ssnDetector, text)).toEqual([]);
  });
});
