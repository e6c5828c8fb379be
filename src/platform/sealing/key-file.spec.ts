import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyFromFile } from './key-file.js';

describe('the key file', () => {
  let home = '';
  let dataDir = '';

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'chatter-key-'));
    dataDir = join(home, 'not', 'yet');
  });
  afterEach(() => rm(home, { recursive: true }));

  it('is made once, for its owner alone, and read again', async () => {
    const key = await keyFromFile(dataDir);
    expect(key).toHaveLength(32);
    expect((await stat(join(dataDir, 'encryption.key'))).mode & 0o777).toBe(0o600);
    expect((await keyFromFile(dataDir)).equals(key)).toBe(true);
  });

  it('is agreed on by all who start at once, and nothing else is left behind', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => keyFromFile(dataDir)));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(['encryption.key']);
  });

  it('differs between data directories', async () => {
    const [one, other] = [await keyFromFile(dataDir), await keyFromFile(join(home, 'other'))];
    expect(one.equals(other)).toBe(false);
  });

  it.each(['', 'c2hvcnQ=', 'not base64 at all'])('is never replaced when it is damaged: %p', async (content) => {
    await keyFromFile(dataDir);
    await writeFile(join(dataDir, 'encryption.key'), content);
    await expect(keyFromFile(dataDir)).rejects.toThrow(/does not hold a key of 32 bytes.*Restore it/);
    await expect(keyFromFile(dataDir)).rejects.toThrow();
  });
});
