import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Pool } from 'pg';
import { eventually } from './eventually.js';

/**
 * A moment to kill a process at: mostly a little after it has begun to write the log of some run, however long its start
 * takes on this machine, and now and then before.
 */
export async function someMoment(sql: Client | Pool): Promise<void> {
  if (randomInt(0, 4) === 0) return sleep(randomInt(0, 50));
  const written = async () => (await sql.query<{ count: string }>('SELECT count(*) FROM run_event')).rows[0]?.count;
  const before = await written();
  await eventually(async () => (await written()) !== before, { withinMs: 60_000, what: 'an event of some run' });
  await sleep(randomInt(0, 500));
}
