import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { digestOf } from './frames.ts';
import type { LoggedEvent } from './stream-faults.ts';

const RUNS_AT_ONCE = 200;

/** The server's own embedded database, read past the server: what it says of itself is what is to be checked. */
export class LoadDatabase {
  private readonly client: Client;

  private constructor(client: Client) {
    this.client = client;
  }

  /** Where it listens stands in its `postmaster.pid`; see PostgreSQL's documentation of that file. */
  static async open(dataDir: string): Promise<LoadDatabase> {
    const lines = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    const client = new Client({ host: lines[4], port: Number(lines[3]), user: 'postgres', database: 'chatter' });
    await client.connect();
    return new LoadDatabase(client);
  }

  /** The logs of runs, by run. */
  async logs(runIds: readonly string[]): Promise<ReadonlyMap<string, readonly LoggedEvent[]>> {
    const logs = new Map<string, LoggedEvent[]>();
    for (let start = 0; start < runIds.length; start += RUNS_AT_ONCE) {
      const { rows } = await this.client.query<{ run_id: string; seq: number; type: string; data: string }>(
        'SELECT run_id, seq, type, data FROM run_event WHERE run_id = ANY ($1::uuid[]) ORDER BY run_id, seq',
        [runIds.slice(start, start + RUNS_AT_ONCE)],
      );
      for (const { run_id: id, seq, type, data } of rows) {
        const log = logs.get(id) ?? [];
        log.push({ seq, type, digest: digestOf(data) });
        logs.set(id, log);
      }
    }
    return logs;
  }

  /** What is wrong with the tables when nobody asks for anything any more. */
  async faults(startedRuns: number): Promise<readonly string[]> {
    const count = async (what: string, sql: string, expected = 0): Promise<readonly string[]> => {
      const { rows } = await this.client.query<{ count: number }>(`SELECT count(*)::int AS count ${sql}`);
      const found = rows[0]?.count ?? 0;
      return found === expected ? [] : [`${what}: ${found}${expected === 0 ? '' : `, not ${expected}`}`];
    };
    const roots = 'FROM run WHERE parent_run_id IS NULL';
    const lists = [
      await count('runs that are stored', roots, startedRuns),
      await count('runs that have not succeeded', `${roots} AND status <> 'succeeded'`),
      await count(
        'child runs that have not succeeded',
        "FROM run WHERE parent_run_id IS NOT NULL AND status <> 'succeeded'",
      ),
      await count(
        'turns without exactly one answer',
        `FROM run WHERE kind = 'chat' AND (SELECT count(*) FROM message WHERE run_id = run.id AND role = 'assistant') <> 1`,
      ),
      await count(
        'messages that share a place in their conversation',
        'FROM (SELECT FROM message GROUP BY conversation_id, sequence HAVING count(*) > 1) AS doubled',
      ),
    ];
    return lists.flat();
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
