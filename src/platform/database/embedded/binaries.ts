import { readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import type { Machine } from './machine.js';
import { mirror } from './mirror.js';
import { ownDirectory } from './own-directory.js';
import { canReach, ENTER, READ, type ServerUser } from './server-user.js';

export interface Binaries {
  /** The package's folder, which holds `native/bin`, `native/lib` and `native/share`. */
  readonly root: string;
  /** The package's version, which starts with PostgreSQL's own: `18.4.0-beta.17`. */
  readonly version: string;
  readonly major: number;
  readonly initdb: string;
  readonly postgres: string;
}

const SUPPORTED = new Set(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64']);
const REMEDY = 'set DATABASE_URL to a PostgreSQL server (15 or newer) instead';

/**
 * The PostgreSQL binaries of the optional npm package for this platform.
 * @throws EmbeddedPostgresError when there are none
 */
export async function findBinaries({ platform, arch }: Pick<Machine, 'platform' | 'arch'>): Promise<Binaries> {
  const target = `${platform}-${arch}`;
  if (!SUPPORTED.has(target)) {
    throw new EmbeddedPostgresError(`There is no embedded PostgreSQL for ${target}: ${REMEDY}.`);
  }
  const name = `@embedded-postgres/${target}`;
  let postgres: unknown;
  try {
    ({ postgres } = (await import(name)) as { postgres?: unknown });
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The optional package ${name} with the embedded PostgreSQL is not installed: install with optional dependencies, or ${REMEDY}.`,
      { cause },
    );
  }
  if (typeof postgres !== 'string') throw new EmbeddedPostgresError(`${name} names no server program: ${REMEDY}.`);
  const root = dirname(dirname(dirname(postgres)));
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return at(root, version);
}

/**
 * The binaries where the server's user can run them: in place, or as a copy when a parent directory is closed to that
 * user, or when links of the libraries are missing (npm was told to skip install scripts) and cannot be made.
 */
export async function binariesFor(user: ServerUser, packaged: Binaries, { binaryHomes }: Machine): Promise<Binaries> {
  if ((await isUsableBy(user, packaged)) && (await links(packaged.root))) return packaged;
  const faults: unknown[] = [];
  for (const home of binaryHomes) {
    try {
      const copy = at(join(await ownDirectory(home, 0o755), `postgres-${packaged.version}`), packaged.version);
      await mirror(packaged.root, copy.root, (file) => !file.endsWith('.a'));
      if (!(await links(copy.root))) throw new Error(`Links cannot be made in ${copy.root}.`);
      if (await isUsableBy(user, copy)) return copy;
      throw new Error(`${copy.root} cannot be entered by uid ${user.uid}.`);
    } catch (fault) {
      faults.push(fault);
    }
  }
  throw new EmbeddedPostgresError(
    `The PostgreSQL binaries in ${packaged.root} cannot be run by uid ${user.uid}, nor be copied to ${binaryHomes.join(' or ')}: make them readable, or ${REMEDY}.`,
    { cause: new AggregateError(faults) },
  );
}

/** The error of a program that could not even be started. */
export function unrunnable(file: string, cause: Error): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `${basename(file)} of the embedded PostgreSQL does not run here (${cause.message}; the binaries need glibc and an executable file system): ${REMEDY}.`,
    { cause },
  );
}

function at(root: string, version: string): Binaries {
  const bin = join(root, 'native', 'bin');
  return {
    root,
    version,
    major: Number.parseInt(version, 10),
    initdb: join(bin, 'initdb'),
    postgres: join(bin, 'postgres'),
  };
}

async function isUsableBy(user: ServerUser, { root, initdb, postgres }: Binaries): Promise<boolean> {
  if (user.mode === 'self') return true;
  const native = join(root, 'native');
  const reached = await Promise.all([
    canReach(user, initdb, READ | ENTER),
    canReach(user, postgres, READ | ENTER),
    canReach(user, join(native, 'lib', 'postgresql'), READ | ENTER),
    canReach(user, join(native, 'share', 'postgresql', 'postgres.bki'), READ),
  ]);
  return reached.every(Boolean);
}

/** Makes the links that npm packages cannot carry, as the package's own install script does. False when that is forbidden. */
async function links(root: string): Promise<boolean> {
  const text = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    try {
      await symlink(relative(dirname(target), source), join(root, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}
