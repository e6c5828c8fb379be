import { detected } from '../../../../test/support/detected.js';
import { cardNumberDetector } from './card-number.detector.js';

describe('the detector of a card number', () => {
  it.each([
    ['4111 1111 1111 1111', '4111 1111 1111 1111'],
    ['5500-0000-0000-0004', '5500-0000-0000-0004'],
    ['pan=340000000000009,', '340000000000009'],
    ['12 4111 1111 1111 1111 09', '4111 1111 1111 1111'],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(cardNumberDetector, text)).toEqual([secret]);
  });

  it.each([
    '4111 1111 1111 1112',
    '1234567890123456',
    '0000 0000 0000 0000',
    'id-4111111111111111',
    '0.4111111111111111',
    '4111111111111111-ab',
    '4111',
  ])('finds nothing in %j', (text) => {
    expect(detected(cardNumberDetector, text)).toEqual([]);
  });
});
