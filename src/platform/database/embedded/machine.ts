import { execFile } from 'node:child_process';
import { tmpdir, userInfo } from 'node:os';
import { promisify } from 'node:util';
import { SERVER_ENVIRONMENT } from './server-user.js';

/** What the launcher takes from the machine it runs on. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly uid: number;
  readonly gid: number;
  /** Whether the user has an entry in /etc/passwd; containers run under bare numbers at times. */
  readonly isNamed: boolean;
  readonly temporary: string;
  /** Where root keeps the cluster when no other user can enter the data directory. */
  readonly clusterHome: string;
  /** Where the binaries are copied to when the server's user cannot use them in place, first choice first. */
  readonly binaryHomes: readonly string[];
  /** Whether root, inside a user namespace of its own, may write to the directory. */
  namespaceAllows(directory: string): Promise<boolean>;
}

export function thisMachine(): Machine {
  const uid = process.getuid?.() ?? 0;
  const copies = `${tmpdir()}/chatter-binaries-${uid}`;
  return {
    platform: process.platform,
    arch: process.arch,
    uid,
    gid: process.getgid?.() ?? 0,
    isNamed: isNamed(),
    temporary: tmpdir(),
    clusterHome: '/var/lib/chatter',
    binaryHomes: uid === 0 ? ['/var/cache/chatter', copies, `/tmp/chatter-binaries-${uid}`] : [copies],
    namespaceAllows,
  };
}

function namespaceAllows(directory: string): Promise<boolean> {
  return promisify(execFile)('unshare', ['--user', '--', 'test', '-w', directory], {
    cwd: '/',
    env: SERVER_ENVIRONMENT,
  }).then(
    () => true,
    () => false,
  );
}

function isNamed(): boolean {
  try {
    return userInfo().username.length > 0;
  } catch {
    return false;
  }
}
