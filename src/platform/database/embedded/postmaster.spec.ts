import { parsePidFile } from './postmaster.js';

describe('The pid file of a server', () => {
  it('tells the process and where it listens', () => {
    const text = '4711\n/data/postgres\n1795398717\n5432\n/data/a b/socket\n\n  5432001  3\nready   \n';
    expect(parsePidFile(text)).toEqual({ pid: 4711, address: { host: '/data/a b/socket', port: 5432 } });
  });

  it.each(['4711', '4711\n/data/postgres\n1795398717\n5432\n', '4711\n/data/postgres\n1795398717\n5432\n/data/so'])(
    'tells only the process while the server is starting (%j)',
    (text) => {
      expect(parsePidFile(text)).toEqual({ pid: 4711, address: undefined });
    },
  );

  it('gives no address to a server without a socket', () => {
    expect(parsePidFile('4711\n/data/postgres\n1795398717\n5432\n\n*\n')?.address).toBeUndefined();
  });

  it.each(['', '\n', 'x\n/data', '-1\n/data'])('says nothing when it holds %j', (text) => {
    expect(parsePidFile(text)).toBeUndefined();
  });
});
