import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { storableJson } from '../../platform/database/storable.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import type { AskedApproval, Charge, ChildState, LoggedEvent, NewEvent, RunEventType } from './run-event.js';

/** Events of one run, to be written by its present owner. */
export interface EventBatch {
  readonly runId: string;
  readonly fence: number;
  readonly events: readonly NewEvent[];
}

/** An event with what a later attempt needs of it. */
export interface KeptEvent extends LoggedEvent {
  readonly result: string | null;
  /** It was stored sealed: not to be shown as it is. */
  readonly isConfidential?: boolean;
}

/** A change of one run, as part of a statement that does more. */
export interface RunChange {
  /** Common table expressions; the last is `held`, the run's row after the change. */
  readonly tables: string;
  readonly values: readonly unknown[];
}

/** What JSON does not begin with. */
const SEALED = 'sealed:';
const PURPOSE = 'result of a step';

/** The event log's table: append-only, numbered from 1 without gaps. */
@Injectable()
export class EventRepository {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
  ) {}

  /**
   * Appends the events of many runs in one statement. Answers the runs whose fence still holds; of the others nothing
   * is written. A key-share lock on each run keeps a claim from passing between the check and the write. Writing the
   * same events again does nothing, so that an append whose answer was lost can be repeated.
   */
  async append(batches: readonly EventBatch[]): Promise<ReadonlySet<string>> {
    const events = batches.flatMap(({ runId, events }) => events.map((event) => ({ runId, ...event })));
    const companions = companionsOf(events);
    const held = await this.database.query<{ id: string }>(`${HELD}${companions.sql(7)} SELECT id FROM held`, [
      batches.map(({ runId }) => runId),
      batches.map(({ fence }) => fence),
      events.map(({ runId }) => runId),
      ...this.columnsOf(events),
      ...companions.values,
    ]);
    return new Set(held.map(({ id }) => id));
  }

  /** Appends events of a run whose row the ambient transaction has just locked or changed. */
  async appendLocked(workspaceId: string, runId: string, events: readonly NewEvent[]): Promise<void> {
    const companions = companionsOf(events.map((event) => ({ runId, ...event })));
    const values = [workspaceId, runId, ...this.columnsOf(events), ...companions.values];
    await this.database.query(`${LOCKED}${companions.sql(6)} SELECT 1`, values);
  }

  /** Appends events of a run in the statement that changes its row; answers the row. */
  async appendWith(
    runId: string,
    { tables, values }: RunChange,
    events: readonly NewEvent[],
  ): Promise<object | undefined> {
    const companions = companionsOf(events.map((event) => ({ runId, ...event })));
    const text = `WITH ${tables}${WITH_CHANGE(values.length)}${companions.sql(values.length + 4)} SELECT held.* FROM held`;
    return this.database.one(text, [...values, ...this.columnsOf(events), ...companions.values]);
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

  /** Events of some types, oldest first, at most `limit`. */
  async ofTypes(runId: string, types: readonly RunEventType[], limit: number): Promise<readonly LoggedEvent[]> {
    return this.database.query<LoggedEvent>(OF_TYPES, [runId, types, limit]);
  }

  /** As {@link read}, with what later attempts need. */
  async readKept(runId: string, after: number, limit: number): Promise<readonly KeptEvent[]> {
    return (await this.database.query<KeptEvent>(READ_KEPT, [runId, after, limit])).map((event) => this.opened(event));
  }

  /** Of a root run's events after `after`, those of a child: at its path or below it, up to its end; at most `limit`. */
  async readBelow(
    runId: string,
    { id, path }: { readonly id: string; readonly path: readonly string[] },
    after: number,
    limit: number,
  ): Promise<readonly LoggedEvent[]> {
    return this.database.query<LoggedEvent>(READ_BELOW, [runId, after, limit, path, id]);
  }

  private columnsOf(events: readonly NewEvent[]): readonly unknown[] {
    return [
      events.map(({ seq }) => seq),
      events.map(({ type }) => type),
      events.map(({ data }) => data),
      events.map((event) => this.resultOf(event)),
    ];
  }

  private resultOf({ result, isConfidential }: NewEvent): string | null {
    if (result === undefined || !isConfidential) return result ?? null;
    return `${SEALED}${this.sealer.seal(result, PURPOSE).toString('base64')}`;
  }

  private opened(event: KeptEvent): KeptEvent {
    if (!event.result?.startsWith(SEALED)) return event;
    const sealed = Buffer.from(event.result.slice(SEALED.length), 'base64');
    return { ...event, result: this.sealer.open(sealed, PURPOSE), isConfidential: true };
  }
}

/** The rows that events bring along, as further parts of the statement that writes them; mostly there are none. */
function companionsOf(events: readonly (NewEvent & { readonly runId: string })[]): {
  readonly sql: (used: number) => string;
  readonly values: readonly unknown[];
} {
  const children = new Map(events.flatMap(({ child }) => (child ? [[child.id, child] as const] : [])));
  const approvals = events.flatMap(({ approval }) => (approval ? [approval] : []));
  const charges = events.flatMap(({ runId, seq, charge }) => (charge ? [chargeRow(runId, seq, charge)] : []));
  const settled = charges.flatMap(({ reservation }) => reservation ?? []);
  const parts = [
    ...(children.size > 0 ? [{ sql: CHILDREN, rows: [...children.values()] as readonly ChildState[] }] : []),
    ...(approvals.length > 0 ? [{ sql: APPROVALS, rows: approvals as readonly AskedApproval[] }] : []),
    ...(charges.length > 0 ? [{ sql: CHARGES, rows: charges }] : []),
    ...(settled.length > 0 ? [{ sql: SETTLED, rows: settled }] : []),
  ];
  return {
    sql: (used) => parts.map(({ sql }, index) => sql(`$${used + index + 1}`)).join(''),
    values: parts.map(({ rows }) => storableJson(rows)),
  };
}

/** As the ledger has it. */
function chargeRow(runId: string, seq: number, { runs = 0, call }: Charge) {
  const { inputTokens = 0, outputTokens = 0, totalTokens = 0 } = call?.usage ?? {};
  return {
    runId,
    seq,
    runs,
    calls: call ? 1 : 0,
    model: call?.model ?? '',
    inputTokens,
    outputTokens,
    totalTokens,
    cost: call?.cost ?? 0,
    unpricedCalls: call && call.cost === null ? 1 : 0,
    reservation: call?.reservation,
  };
}

const HELD = `
  WITH held AS (
    SELECT run.id, run.workspace_id, run.user_id, run.workflow FROM run
    JOIN unnest($1::uuid[], $2::bigint[]) AS owner (id, fence) ON run.id = owner.id AND run.fence = owner.fence
    WHERE run.status = 'running'
    FOR KEY SHARE OF run
  ), written AS (
    INSERT INTO run_event (workspace_id, run_id, seq, type, data, result)
    SELECT held.workspace_id, event.run_id, event.seq, event.type, event.data, event.result
    FROM unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[]) AS event (run_id, seq, type, data, result)
    JOIN held ON held.id = event.run_id
    ON CONFLICT DO NOTHING
    RETURNING run_id, seq
  )`;

const LOCKED = `
  WITH held AS (SELECT id, workspace_id, user_id, workflow FROM run WHERE workspace_id = $1 AND id = $2), written AS (
    INSERT INTO run_event (workspace_id, run_id, seq, type, data, result)
    SELECT $1, $2, event.seq, event.type, event.data, event.result
    FROM unnest($3::int[], $4::text[], $5::text[], $6::text[]) AS event (seq, type, data, result)
    RETURNING run_id, seq
  )`;

const WITH_CHANGE = (used: number): string => `, written AS (
    INSERT INTO run_event (workspace_id, run_id, seq, type, data, result)
    SELECT held.workspace_id, held.id, event.seq, event.type, event.data, event.result
    FROM held, unnest($${used + 1}::int[], $${used + 2}::text[], $${used + 3}::text[], $${used + 4}::text[])
      AS event (seq, type, data, result)
    RETURNING run_id, seq
  )`;

const CHILDREN = (rows: string): string => `, children AS (
    INSERT INTO run (id, workspace_id, user_id, kind, status, workflow, definition_hash, parent_run_id, root_run_id, path,
      input, output, problem, decision, usage, cost, attempt, created_at, started_at, ended_at, duration_ms)
    SELECT child.id, held.workspace_id, held.user_id, 'child', child.status, child.workflow, child.workflow->>'hash',
      child."parentRunId", held.id, child.path, child.input, child.output, child.problem, child.decision, child.usage,
      child.cost, 1, child."startedAt", child."startedAt", child."endedAt",
      CASE WHEN child."durationMs" > 2147483647 THEN 2147483647 ELSE child."durationMs" END
    FROM jsonb_to_recordset(${rows}::jsonb) AS child (id uuid, "rootRunId" uuid, "parentRunId" uuid, path text[], status text,
      workflow jsonb, input jsonb, output jsonb, problem jsonb, decision jsonb, usage jsonb, cost double precision,
      "startedAt" timestamptz, "endedAt" timestamptz, "durationMs" bigint)
    JOIN held ON held.id = child."rootRunId"
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, output = excluded.output, problem = excluded.problem,
      decision = excluded.decision, usage = excluded.usage, cost = excluded.cost, ended_at = excluded.ended_at,
      duration_ms = excluded.duration_ms
    WHERE run.root_run_id = excluded.root_run_id
  )`;

const APPROVALS = (rows: string): string => `, approvals AS (
    INSERT INTO approval (id, workspace_id, run_id, path, kind, title, detail, call_id, tool, arguments, arguments_hash, risk, on_expire, expires_at)
    SELECT asked.id, held.workspace_id, held.id, asked.path, asked.kind, asked.title, asked.detail, asked."callId",
      asked.tool, asked.arguments, asked."argumentsHash", asked.risk, asked."onExpire", asked."expiresAt"
    FROM jsonb_to_recordset(${rows}::jsonb) AS asked (id uuid, "runId" uuid, path text[], kind text, title text, detail text,
      "callId" text, tool text, arguments jsonb, "argumentsHash" text, risk text, "onExpire" text, "expiresAt" timestamptz)
    JOIN held ON held.id = asked."runId"
    ON CONFLICT DO NOTHING
  )`;

/** Of events that this statement has written, and no other: what is written again counts once. */
const CHARGES = (rows: string): string => `, charges AS (
    INSERT INTO usage_entry (workspace_id, user_id, workflow, model, runs, calls, input_tokens, output_tokens, total_tokens,
      cost, unpriced_calls)
    SELECT held.workspace_id, held.user_id, coalesce(held.workflow->>'id', held.workflow->>'name', ''), charge.model,
      charge.runs, charge.calls, charge."inputTokens", charge."outputTokens", charge."totalTokens", charge.cost,
      charge."unpricedCalls"
    FROM jsonb_to_recordset(${rows}::jsonb) AS charge ("runId" uuid, seq int, model text, runs int, calls int,
      "inputTokens" bigint, "outputTokens" bigint, "totalTokens" bigint, cost numeric, "unpricedCalls" int)
    JOIN written ON written.run_id = charge."runId" AND written.seq = charge.seq
    JOIN held ON held.id = charge."runId"
  )`;

const SETTLED = (rows: string): string => `, settled AS (
    DELETE FROM budget_reservation WHERE id IN (SELECT jsonb_array_elements_text(${rows}::jsonb)::uuid)
  )`;

const LAST = 'SELECT seq, type FROM run_event WHERE run_id = $1 ORDER BY seq DESC LIMIT 1';

const KEPT = 'SELECT id FROM run WHERE id = $1';

const READ = 'SELECT seq, type, data FROM run_event WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3';

const OF_TYPES =
  'SELECT seq, type, data FROM run_event WHERE run_id = $1 AND type = ANY ($2::text[]) ORDER BY seq LIMIT $3';

const READ_KEPT = 'SELECT seq, type, data, result FROM run_event WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3';

const READ_BELOW = `
  SELECT seq, type, data FROM run_event
  WHERE run_id = $1 AND seq > $2
    AND (SELECT array_agg(name ORDER BY place) FROM json_array_elements_text(data::json->'path') WITH ORDINALITY AS part (name, place)
         WHERE place <= cardinality($4::text[])) = $4::text[]
    AND seq <= coalesce((SELECT max(seq) FROM run_event WHERE run_id = $1 AND type = 'child_end' AND data::json->>'childRunId' = $5), seq)
  ORDER BY seq LIMIT $3`;
