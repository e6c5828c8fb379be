import { z } from 'zod';
import { configuration, setting } from './configuration.js';
import { environmentExample, environmentTable } from './environment-reference.js';
import { integer, list } from './values.js';

const sample = configuration('Sample', {
  port: setting('SAMPLE_PORT', integer(1, 100).default(7), 'A port | a door.'),
  names: setting('SAMPLE_NAMES', list().default(['a', 'b']), 'Names.'),
  level: setting('SAMPLE_LEVEL', z.string().optional(), 'A level.', { shownDefault: 'as the other' }),
  key: setting('SAMPLE_KEY', z.string().default('development key'), 'A key.', { secret: true }),
});
const other = configuration('Other', { name: setting('OTHER_NAME', z.string(), 'A name.') });

describe('the generated reference of the environment', () => {
  it('lists every variable with its default, commented out, by section', () => {
    expect(environmentExample([sample, other])).toBe(
      [
        '# Every variable is optional. A secret may also be given as a file: NAME_FILE=/path.',
        '',
        '# Sample',
        '# A port | a door.',
        '# SAMPLE_PORT=7',
        '# Names.',
        '# SAMPLE_NAMES=a,b',
        '# A level.',
        '# SAMPLE_LEVEL=',
        '# A key.',
        '# SAMPLE_KEY=',
        '',
        '# Other',
        '# A name.',
        '# OTHER_NAME=',
        '',
      ].join('\n'),
    );
  });

  it('is a table that prettier leaves alone', () => {
    expect(environmentTable([sample, other]).split('\n')).toEqual([
      '<!-- prettier-ignore-start -->',
      '| variable | default | what for |',
      '| --- | --- | --- |',
      '| `SAMPLE_PORT` | `7` | A port \\| a door. |',
      '| `SAMPLE_NAMES` | `a,b` | Names. |',
      '| `SAMPLE_LEVEL` | as the other | A level. |',
      '| `SAMPLE_KEY` |  | A key. |',
      '| `OTHER_NAME` |  | A name. |',
      '<!-- prettier-ignore-end -->',
      '',
    ]);
  });

  it('shows no default that is not plain', () => {
    const parsed = configuration('Parsed', {
      ranges: setting('PARSED_RANGES', z.unknown().default([{ first: 1 }]), 'Ranges.'),
      prices: setting('PARSED_PRICES', z.unknown().default({ a: 1 }), 'Prices.'),
    });
    expect(environmentExample([parsed])).toContain('# PARSED_RANGES=\n');
    expect(environmentExample([parsed])).toContain('# PARSED_PRICES=\n');
  });

  it('never shows the default of a secret', () => {
    expect(environmentExample([sample]) + environmentTable([sample])).not.toContain('development key');
  });
});
