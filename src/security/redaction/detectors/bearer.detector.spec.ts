import { detected } from '../../../../test/support/detected.js';
import { bearerDetector } from './bearer.detector.js';

describe('the detector of a credential of an Authorization header', () => {
  it.each([
    ['Bearer abc123def456', 'abc123def456'],
    ['authorization: bearer  0123456789abcdef', '0123456789abcdef'],
    ['Basic YW5uYTpzZWNyZXQ=', 'YW5uYTpzZWNyZXQ='],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(bearerDetector, text)).toEqual([secret]);
  });

  it.each([
    'bearer authentication',
    'the bearer of this letter',
    'Bearer <token>',
    'Basic training',
    'forbearer abc123def456',
    'Basic YWJjZGVmZ2g=',
  ])('finds nothing in %j', (text) => {
    expect(detected(bearerDetector, text)).toEqual([]);
  });
});
