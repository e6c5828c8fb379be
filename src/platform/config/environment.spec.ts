import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { configuration, setting } from './configuration.js';
import { EnvironmentError, readEnvironment } from './environment.js';
import { integer } from './values.js';

configuration('Sample', {
  port: setting('SAMPLE_PORT', integer(1, 100).default(7), 'A port.'),
  key: setting('SAMPLE_KEY', z.string().min(8, 'must have 8 characters').optional(), 'A key.', { secret: true }),
});

describe('reading the environment', () => {
  let home: string;
  const file = async (content: string): Promise<string> => {
    const path = join(home, 'value');
    await writeFile(path, content);
    return path;
  };
  const faultsOf = (source: Record<string, string>): string => {
    try {
      readEnvironment(source);
    } catch (error) {
      if (error instanceof EnvironmentError) return error.message;
      throw error;
    }
    return '';
  };

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'chatter-environment-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  it('keeps every variable as it is', () => {
    expect(readEnvironment({ SAMPLE_PORT: '3', UNKNOWN: 'x' })).toEqual({ SAMPLE_PORT: '3', UNKNOWN: 'x' });
  });

  it('takes a value from the file that NAME_FILE names, without its last line break', async () => {
    const source = { SAMPLE_KEY_FILE: await file('secret key\n') };
    expect(readEnvironment(source)).toMatchObject({ SAMPLE_KEY: 'secret key' });
  });

  it('ignores an empty NAME_FILE, and NAME_FILE of variables it does not know', () => {
    expect(faultsOf({ SAMPLE_KEY_FILE: '', UNKNOWN_FILE: join(home, 'absent') })).toBe('');
  });

  it('takes NAME_FILE when NAME is empty', async () => {
    const source = { SAMPLE_KEY: '', SAMPLE_KEY_FILE: await file('from the file') };
    expect(readEnvironment(source)).toMatchObject({ SAMPLE_KEY: 'from the file' });
  });

  it('checks what a file holds like any other value, and does not print it', async () => {
    const faults = faultsOf({ SAMPLE_KEY_FILE: await file('hunter2') });
    expect(faults).toContain('SAMPLE_KEY: must have 8 characters');
    expect(faults).not.toContain('hunter2');
  });

  it('refuses NAME beside NAME_FILE', async () => {
    expect(faultsOf({ SAMPLE_KEY: '12345678', SAMPLE_KEY_FILE: await file('12345678') })).toContain(
      'SAMPLE_KEY: set either SAMPLE_KEY or SAMPLE_KEY_FILE, not both',
    );
  });

  it('tells of an unreadable file and of every other fault at once', () => {
    const path = join(home, 'absent');
    expect(faultsOf({ SAMPLE_KEY_FILE: path, SAMPLE_PORT: 'many' })).toBe(
      `The environment has 2 fault(s):\n  - SAMPLE_KEY_FILE: ${path} cannot be read (ENOENT)\n  - SAMPLE_PORT: must be a whole number`,
    );
  });
});
