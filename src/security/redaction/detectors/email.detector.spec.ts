import { detected } from '../../../../test/support/detected.js';
import { emailDetector } from './email.detector.js';

describe('the detector of an e-mail address', () => {
  it.each([
    ['anna@example.com', 'anna@example.com'],
    ['<o.neill+tag@mail.example.co.uk>,', 'o.neill+tag@mail.example.co.uk'],
    ['mailto:x@a-b.example.org?subject=hi', 'x@a-b.example.org'],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(emailDetector, text)).toEqual([secret]);
  });

  it.each([
    'icon@2x.png',
    'lodash@4.17.21',
    'git@github.com:acme/repo.git',
    'user@localhost',
    '@scope/package',
    'a@b',
    '@@',
    'anna@example.c0m1',
  ])('finds nothing in %j', (text) => {
    expect(detected(emailDetector, text)).toEqual([]);
  });
});
