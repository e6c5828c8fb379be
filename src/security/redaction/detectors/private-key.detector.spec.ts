import { detected } from '../../../../test/support/detected.js';
import { privateKeyDetector } from './private-key.detector.js';

describe('the detector of a private key', () => {
  it.each([
    [
      'a -----BEGIN RSA PRIVATE KEY-----MIIE-----END RSA PRIVATE KEY----- b',
      '-----BEGIN RSA PRIVATE KEY-----MIIE-----END RSA PRIVATE KEY-----',
    ],
    ['-----BEGIN PRIVATE KEY-----MIIE', '-----BEGIN PRIVATE KEY-----MIIE'],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(privateKeyDetector, text)).toEqual([secret]);
  });

  it.each(['-----BEGIN PUBLIC KEY-----', '-----BEGIN CERTIFICATE-----', '-----BEGIN RSA PRIVATE KEY', 'PRIVATE KEY'])(
    'finds nothing in %j',
    (text) => {
      expect(detected(privateKeyDetector, text)).toEqual([]);
    },
  );
});
