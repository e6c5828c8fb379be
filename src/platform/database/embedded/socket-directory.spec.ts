import { thisMachine, type Machine } from './machine.js';
import { socketDirectoryOf } from './socket-directory.js';

describe('socketDirectoryOf', () => {
  const user = { mode: 'self', uid: 1000, gid: 1000 } as const;
  const machine: Machine = { ...thisMachine(), platform: 'linux', uid: 1000, gid: 1000, temporary: '/tmp' };
  const socketOf = async (dataDir: string, on = machine) =>
    `${await socketDirectoryOf(dataDir, user, on)}/.s.PGSQL.5432`;
  const long = `/${'ü'.repeat(60)}`;

  it('is in the data directory as long as the socket fits there', async () => {
    const fitting = `/${'a'.repeat(107 - '//socket/.s.PGSQL.5432'.length)}`;
    expect(await socketOf(fitting)).toBe(`${fitting}/socket/.s.PGSQL.5432`);
    expect(await socketOf(`${fitting}a`)).toMatch(/^\/tmp\/chatter-[0-9a-f]{16}\/\.s\.PGSQL\.5432$/);
    expect(await socketOf(fitting, { ...machine, platform: 'darwin' })).toMatch(/^\/tmp\/chatter-/);
  });

  it('counts bytes, not letters', async () => {
    expect(await socketOf(long)).toMatch(/^\/tmp\/chatter-/);
  });

  it('is another one for every data directory and user, and the same each time', async () => {
    const names = await Promise.all([socketOf(long), socketOf(`${long}2`), socketOf(long, { ...machine, uid: 1001 })]);
    expect(new Set(names).size).toBe(3);
    expect(await socketOf(long)).toBe(names[0]);
  });

  it('avoids a temporary directory with a long name', async () => {
    expect(await socketOf(long, { ...machine, temporary: long })).toMatch(/^\/tmp\/chatter-/);
  });
});
