import { detected } from '../../../../test/support/detected.js';
import { connectionStringDetector } from './connection-string.detector.js';

describe('the detector of an user and password of a URL', () => {
  it.each([
    ['postgres://app:s3cret@db.example.com/x', 'app:s3cret'],
    ['redis://:hunter2@10.0.0.1:6379', ':hunter2'],
    ['https://anna:p%40ss@example.com/', 'anna:p%40ss'],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(connectionStringDetector, text)).toEqual([secret]);
  });

  it.each([
    'https://example.com:8080/a@2x',
    'postgres://user:${PASSWORD}@localhost',
    'https://example.com/@anna',
    'postgres://app@db/x',
    'mysql://u:****@h',
    'http://[::1]:8080/',
  ])('finds nothing in %j', (text) => {
    expect(detected(connectionStringDetector, text)).toEqual([]);
  });
});
