import { z } from 'zod';
import { configuration, environmentFaults, setting } from './configuration.js';
import { flag, httpUrl, integer, list } from './values.js';

class SampleConfig extends configuration('Sample', {
  port: setting('SAMPLE_PORT', integer(1, 100).default(7), 'A port.'),
  open: setting('SAMPLE_OPEN', flag().default(false), 'Whether it is open.'),
  names: setting('SAMPLE_NAMES', list().default([]), 'Names.'),
  home: setting('SAMPLE_HOME', httpUrl().optional(), 'An address.'),
  key: setting('SAMPLE_KEY', z.string().min(8, 'must have 8 characters').optional(), 'A key.', { secret: true }),
}) {}

describe('a configuration class', () => {
  it('holds the parsed value of every variable', () => {
    const config = new SampleConfig({
      SAMPLE_PORT: '42',
      SAMPLE_OPEN: 'true',
      SAMPLE_NAMES: ' a, b,,c ',
      SAMPLE_HOME: 'http://localhost:8080/x',
      SAMPLE_KEY: '12345678',
    });
    expect({ ...config }).toEqual({
      port: 42,
      open: true,
      names: ['a', 'b', 'c'],
      home: 'http://localhost:8080/x',
      key: '12345678',
    });
  });

  it.each([{}, { SAMPLE_PORT: '', SAMPLE_OPEN: '', SAMPLE_NAMES: '', SAMPLE_HOME: '', SAMPLE_KEY: '' }])(
    'takes the defaults for unset and empty variables: %p',
    (environment) => {
      expect({ ...new SampleConfig(environment) }).toEqual({ port: 7, open: false, names: [] });
    },
  );

  it('cannot be changed', () => {
    const config = new SampleConfig({});
    expect(() => Object.assign(config, { port: 8 })).toThrow(TypeError);
  });

  it('is not built from a faulty variable', () => {
    expect(() => new SampleConfig({ SAMPLE_PORT: '0' })).toThrow();
  });
});

describe('the faults of an environment', () => {
  it('are none when it is sound', () => {
    expect(environmentFaults({ SAMPLE_PORT: '100' })).toEqual([]);
  });

  it('are told all at once, each naming its variable and none its value', () => {
    const faults = environmentFaults({
      SAMPLE_PORT: '101',
      SAMPLE_OPEN: 'yes',
      SAMPLE_HOME: 'ftp://example.com',
      SAMPLE_KEY: 'hunter2',
    });
    expect(faults).toHaveLength(4);
    expect(faults).toEqual([
      expect.stringMatching(/^SAMPLE_PORT: .*100/),
      'SAMPLE_OPEN: must be true or false',
      'SAMPLE_HOME: must be an http(s) URL',
      'SAMPLE_KEY: must have 8 characters',
    ]);
    expect(faults.join()).not.toContain('hunter2');
  });

  it.each(['1.5', '1e3', ' 7', '0x10', 'NaN', '9'.repeat(400)])('include a number written as %p', (text) => {
    expect(environmentFaults({ SAMPLE_PORT: text })).toEqual([expect.stringMatching(/^SAMPLE_PORT: /)]);
  });
});
