import { detected } from '../../../../test/support/detected.js';
import { phoneDetector } from './phone.detector.js';

describe('the detector of a telephone number', () => {
  it.each([
    ['+49 170 1234567', '+49 170 1234567'],
    ['(212) 555-0123', '(212) 555-0123'],
    ['415-555-0132,', '415-555-0132'],
    ['0170 1234567', '0170 1234567'],
    ['+1.415.555.0132', '+1.415.555.0132'],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(phoneDetector, text)).toEqual([secret]);
  });

  it.each([
    '192.168.100.200',
    '01.02.2024',
    '2026-11-27',
    '978-3-16-148410-0',
    '+1',
    '1 000 000',
    '115-555-0132',
    '0.170 1234567',
    '415-555-01321',
  ])('finds nothing in %j', (text) => {
    expect(detected(phoneDetector, text)).toEqual([]);
  });
});
