import { detected } from '../../../../test/support/detected.js';
import { secretDetector } from './secret.detector.js';

describe('the detector of a value of a secret name', () => {
  it.each([
    ['password: hunter2', 'hunter2'],
    ['DB_PASSWORD=swordfish', 'swordfish'],
    ['"client_secret":"a1b2c3d4"', 'a1b2c3d4'],
    ['password = "correct horse battery"', 'correct horse battery'],
    ['API key: abcd1234efgh', 'abcd1234efgh'],
    ['my password is Tr0ub4dor!', 'Tr0ub4dor!'],
    ['--password hunter2x', 'hunter2x'],
    ['?access_token=abc123def4&x=1', 'abc123def4'],
    ['\\"password\\":\\"hunter2\\"', 'hunter2'],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(secretDetector, text)).toEqual([secret]);
  });

  it.each([
    'password: string',
    'password = getPassword()',
    'password === other',
    'password=<yours>',
    'API_KEY=${API_KEY}',
    'password: must',
    'password is required',
    'token: 4096',
    'password_file=/run/x',
    'secret=********',
    'user.password = hashedPassword',
  ])('finds nothing in %j', (text) => {
    expect(detected(secretDetector, text)).toEqual([]);
  });
});
