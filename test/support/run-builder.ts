import { newId } from '../../src/platform/clock/id.js';
import type { Run } from '../../src/workflow/run/run.js';
import { RunClaims } from '../../src/workflow/run/run-claims.js';
import { RunRepository, type NewRun } from '../../src/workflow/run/run.repository.js';
import type { MigratedDatabase } from './migrated-database.js';

type Parts = Partial<NewRun>;

/** Runs in the table of a suite, each of a workspace of its own unless the parts say otherwise. */
export function runBuilder(migrated: MigratedDatabase) {
  const runs = new RunRepository(migrated.database);
  const claims = new RunClaims(migrated.database);

  const newRun = async (parts: Parts = {}): Promise<NewRun> =>
    ({
      id: newId(),
      ...(parts.workspaceId && parts.userId ? undefined : await migrated.tenant()),
      kind: 'chat',
      workflow: { name: 'plain', hash: 'h' },
      input: { message: 'Hello' },
      limits: {},
      metadata: {},
      hasWebhook: false,
      ...parts,
    }) as NewRun;

  return {
    runs,
    claims,
    newRun,
    /** A run that a process called `owner` executes for the next minute. */
    running: async (parts: Parts = {}, owner = 'process-1'): Promise<Run> => {
      const run = await runs.insertRunning(await newRun(parts), { owner, ms: 60_000 }, 1_000);
      if (!run) throw new Error('The user has no place left.');
      return run;
    },
    queued: async (parts: Parts = {}): Promise<Run> => runs.insertQueued(await newRun(parts)),
    /** Lets the lease of a run be over, as if its process had died. */
    expire: async ({ id }: Pick<Run, 'id'>): Promise<void> => {
      await migrated.sql(`UPDATE run SET lease_until = now() - interval '1 second' WHERE id = $1`, [id]);
    },
    /** Ends every run, so that nothing is due. */
    settle: async (): Promise<void> => {
      await migrated.sql('DELETE FROM run');
    },
  };
}
