import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { LoggedEvent } from './run-event.js';

/** Events of one run, to be written by its present owner. */
export interface EventBatch {
  readonly runId: string;
  readonly fence: number;
  readonly events: readonly LoggedEvent[];
}

/** The event log's table: append-only, numbered from 1 without gaps. */
@Injectable()
export class EventRepository {
  constructor(private readonly database: Database) {}

  /**
   * Appends the events of many runs in one statement. Answers the runs whose fence still holds; of the others nothing
   * is written. A key-share lock on each run keeps a claim from passing between the check and the write. Writing the
   * same events again does nothing, so that an append whose answer was lost can be repeated.
   */
  async append(batches: readonly EventBatch[]): Promise<ReadonlySet<string>> {
    const events = batches.flatMap(({ runId, events }) => events.map((event) => ({ runId, ...event })));
    const held = await this.database.query<{ id: string }>(APPEND, [
      batches.map(({ runId }) => runId),
      batches.map(({ fence }) => fence),
      events.map(({ runId }) => runId),
      events.map(({ seq }) => seq),
      events.map(({ type }) => type),
      events.map(({ data }) => data),
    ]);
    return new Set(held.map(({ id }) => id));
  }

  /** Appends the last events of a run whose row the ambient transaction has just locked and changed. */
  async appendLocked(workspaceId: string, runId: string, events: readonly LoggedEvent[]): Promise<void> {
    await this.database.query(APPEND_LOCKED, [
      workspaceId,
      runId,
      events.map(({ seq }) => seq),
      events.map(({ type }) => type),
      events.map(({ data }) => data),
    ]);
  }

  /** The number and type of the log's last event. */
  async last(runId: string): Promise<Pick<LoggedEvent, 'seq' | 'type'> | undefined> {
    return this.database.one<Pick<LoggedEvent, 'seq' | 'type'>>(LAST, [runId]);
  }

  /** Whether there is such a run, and so a log to wait for. */
  async isKept(runId: string): Promise<boolean> {
    return (await this.database.one(KEPT, [runId])) !== undefined;
  }

  /** Events after `after`, oldest first, at most `limit`. */
  async read(runId: string, after: number, limit: number): Promise<readonly LoggedEvent[]> {
    return this.database.query<LoggedEvent>(READ, [runId, after, limit]);
  }
}

const APPEND = `
  WITH held AS (
    SELECT run.id, run.workspace_id FROM run
    JOIN unnest($1::uuid[], $2::bigint[]) AS owner (id, fence) ON run.id = owner.id AND run.fence = owner.fence
    WHERE run.status = 'running'
    FOR KEY SHARE OF run
  ), written AS (
    INSERT INTO run_event (workspace_id, run_id, seq, type, data)
    SELECT held.workspace_id, event.run_id, event.seq, event.type, event.data
    FROM unnest($3::uuid[], $4::int[], $5::text[], $6::text[]) AS event (run_id, seq, type, data)
    JOIN held ON held.id = event.run_id
    ON CONFLICT DO NOTHING
  )
  SELECT id FROM held`;

const APPEND_LOCKED = `
  INSERT INTO run_event (workspace_id, run_id, seq, type, data)
  SELECT $1, $2, event.seq, event.type, event.data FROM unnest($3::int[], $4::text[], $5::text[]) AS event (seq, type, data)`;

const LAST = 'SELECT seq, type FROM run_event WHERE run_id = $1 ORDER BY seq DESC LIMIT 1';

const KEPT = 'SELECT id FROM run WHERE id = $1';

const READ = 'SELECT seq, type, data FROM run_event WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3';
