import { detected } from '../../../../test/support/detected.js';
import { jwtDetector } from './jwt.detector.js';

describe('the detector of a JSON web token', () => {
  it.each([
    [
      'token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.s1gnatureS1gnature;',
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.s1gnatureS1gnature',
    ],
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9'],
  ])('finds in %j exactly %j', (text, secret) => {
    expect(detected(jwtDetector, text)).toEqual([secret]);
  });

  it.each(['eyJub3Rqc29u', 'eyJhbGciOiJIUzI1NiJ9', 'a.b.c', 'heyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.x'])(
    'finds nothing in %j',
    (text) => {
      expect(detected(jwtDetector, text)).toEqual([]);
    },
  );
});
