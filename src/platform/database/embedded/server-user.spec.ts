import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canReach, commandOf, ENTER, NAMESPACED_ROOT, NOBODY, READ, type ServerUser } from './server-user.js';

describe('canReach', () => {
  const oneself: ServerUser = { mode: 'self', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const stranger: ServerUser = { mode: 'switched', uid: 4_000_001, gid: 4_000_001 };
  let home: string;
  let file: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'chatter-reach-'));
    await chmod(home, 0o755);
    await mkdir(join(home, 'a', 'b'), { recursive: true });
    file = join(home, 'a', 'b', 'program');
    await writeFile(file, '');
    await chmod(file, 0o755);
  });

  afterEach(() => rm(home, { recursive: true }));

  it('lets everyone through open directories', async () => {
    expect(await canReach(stranger, file, READ | ENTER)).toBe(true);
  });

  it('stops others at a closed parent, but not its owner', async () => {
    await chmod(join(home, 'a'), 0o700);
    expect(await canReach(stranger, file, READ)).toBe(false);
    expect(await canReach(oneself, file, READ)).toBe(true);
  });

  it('asks for every right on the path itself', async () => {
    await chmod(file, 0o644);
    expect(await canReach(stranger, file, READ)).toBe(true);
    expect(await canReach(stranger, file, READ | ENTER)).toBe(false);
  });

  it('judges an owner by the rights of the owner, though others have more', async () => {
    await chmod(file, 0o077);
    expect(await canReach(oneself, file, READ)).toBe(false);
  });

  it('counts what is missing as out of reach', async () => {
    expect(await canReach(oneself, join(home, 'missing'), READ)).toBe(false);
  });
});

describe('commandOf', () => {
  it('passes nothing of the environment on', () => {
    const { options } = commandOf({ mode: 'self', uid: 1, gid: 1 }, '/bin/postgres', []);
    expect(Object.keys(options.env)).toEqual(['PATH', 'LC_ALL', 'TZ']);
    expect(options.cwd).toBe('/');
  });

  it('gives up root by switching or in a user namespace', () => {
    expect(commandOf(NOBODY, '/bin/postgres', ['-V'])).toMatchObject({
      file: '/bin/postgres',
      options: { uid: 65534, gid: 65534 },
    });
    expect(commandOf(NAMESPACED_ROOT, '/bin/postgres', ['-V'])).toMatchObject({
      file: 'unshare',
      args: ['--user', '--', '/bin/postgres', '-V'],
    });
  });
});
