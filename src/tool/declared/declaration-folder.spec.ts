import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderMark, readFolder } from './declaration-folder.js';

const tool = (name: string) => JSON.stringify({ name, description: 'x', url: 'https://x.example/' });

describe('the folder of declared tools', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'chatter-folder-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const write = (file: string, text: string) => writeFile(join(directory, file), text);

  it('gives every sound file, and of every other a sentence', async () => {
    await write('a.json', tool('first'));
    await write('b.json', '{');
    await write('c.json', tool('first'));
    await write('d.json', `${' '.repeat(70_000)}${tool('large')}`);
    await mkdir(join(directory, 'e.json'));
    await symlink(join(directory, 'nowhere'), join(directory, 'f.json'));
    await write('.hidden.json', tool('hidden'));
    await write('g.txt', tool('text'));
    await write('h.json', tool('last'));
    const { tools, faults } = await readFolder(directory);
    expect([...tools.keys()]).toEqual(['first', 'last']);
    expect(await folderMark(directory)).toContain('h.json');
    expect(faults).toEqual([
      'b.json: it is no JSON',
      'c.json: another file declares "first"',
      'd.json: it is larger than 65536 bytes',
      'e.json: it is no file',
      'f.json: it cannot be read (ENOENT)',
    ]);
  });

  it('reads no more than 200 files', async () => {
    for (let at = 100; at <= 300; at++) await write(`${at}.json`, tool(`t${at}`));
    const { tools, faults } = await readFolder(directory);
    expect([tools.size, faults]).toEqual([200, ['300.json: there are more than 200 files']]);
  });

  it('looks another when a file comes, changes or goes', async () => {
    const marks = [await folderMark(directory)];
    for (const text of [tool('a'), `${tool('a')} `]) {
      await write('a.json', text);
      marks.push(await folderMark(directory));
    }
    expect(new Set(marks).size).toBe(3);
    await rm(join(directory, 'a.json'));
    expect(await folderMark(directory)).toBe(marks[0]);
    await expect(folderMark(join(directory, 'none'))).rejects.toThrow('ENOENT');
  });
});
