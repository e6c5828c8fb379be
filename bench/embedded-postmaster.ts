import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The embedded server's main process, from the first line of its `postmaster.pid`. */
export function postmaster(dataDir: string): readonly number[] {
  try {
    return [Number.parseInt(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10)];
  } catch {
    return [];
  }
}
