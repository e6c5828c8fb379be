import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Sealer } from '../sealing/sealer.js';

/** Which request: the caller, the route and the client's key. */
export interface RequestKey {
  readonly workspaceId: string;
  readonly userId: string;
  readonly route: string;
  readonly key: string;
  /** Which request with the key: one that took it over is another. */
  readonly holder: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/** What a key says of a request that arrives with it: `reserved` with a run means that it goes on with that run. */
export type Reservation =
  | { readonly state: 'reserved'; readonly runId: string | null }
  | { readonly state: 'inFlight' }
  | { readonly state: 'otherBody' }
  | { readonly state: 'answered'; readonly runId: string | null; readonly answer: StoredAnswer };

const PURPOSE = 'idempotency';

@Injectable()
export class IdempotencyRepository {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
  ) {}

  /** Tells requests apart, and nothing of what they hold to whoever reads the table: a secret is not to be guessed by it. */
  hashOf(request: string): Buffer {
    return this.sealer.authenticate(request, PURPOSE);
  }

  /** Takes the key for a request, in one statement: of parallel requests exactly one is `reserved` without a run. */
  async reserve(request: RequestKey, bodyHash: Buffer): Promise<Reservation> {
    const taken = await this.database.one<{ run_id: string | null }>(RESERVE, [
      ...keyOf(request),
      bodyHash,
      request.holder,
    ]);
    if (taken) return { state: 'reserved', runId: taken.run_id };
    const row = await this.database.one<AnswerRow>(READ, keyOf(request));
    if (!row) return { state: 'inFlight' };
    if (!row.body_hash.equals(bodyHash)) return { state: 'otherBody' };
    if (row.status === null || row.sealed_body === null) {
      return row.run_id === null ? { state: 'inFlight' } : { state: 'reserved', runId: row.run_id };
    }
    const body = this.sealer.open(row.sealed_body, PURPOSE);
    return { state: 'answered', runId: row.run_id, answer: { status: row.status, headers: row.headers ?? {}, body } };
  }

  /**
   * Ties the run that the request caused, in the transaction that makes the run. False when another request that took
   * the key over has tied one: the transaction must be undone.
   */
  async attachRun(request: RequestKey, runId: string): Promise<boolean> {
    return (await this.database.one(ATTACH, [...keyOf(request), runId])) !== undefined;
  }

  /**
   * Stores the answer, in the transaction of the request's effect. False when another request that took the key over
   * has answered: the transaction must be undone.
   */
  async answer(request: RequestKey, { status, headers, body }: StoredAnswer): Promise<boolean> {
    const values = [status, JSON.stringify(headers), this.sealer.seal(body, PURPOSE)];
    return (await this.database.one(ANSWER, [...keyOf(request), ...values])) !== undefined;
  }

  /** Frees the key of a request that caused nothing, if it holds it. */
  async release(request: RequestKey): Promise<void> {
    await this.database.query(RELEASE, [...keyOf(request), request.holder]);
  }

  /** Forgets keys older than 24 hours; at most `limit` a call. */
  async sweep(limit: number): Promise<void> {
    await this.database.query(SWEEP, [limit]);
  }
}

interface AnswerRow {
  readonly body_hash: Buffer;
  readonly run_id: string | null;
  readonly status: number | null;
  readonly headers: Record<string, string> | null;
  readonly sealed_body: Buffer | null;
}

const keyOf = ({ workspaceId, userId, route, key }: RequestKey) => [workspaceId, userId, route, key];

const WHERE_KEY = 'workspace_id = $1 AND user_id = $2 AND route = $3 AND key = $4';

/** A key past its 24 h starts anew; one whose holder died (lock over, no answer) is taken over with its run. */
const RESERVE = `
  INSERT INTO idempotency_key AS held (workspace_id, user_id, route, key, body_hash, holder, locked_until)
  VALUES ($1, $2, $3, $4, $5, $6, now() + interval '15 seconds')
  ON CONFLICT (workspace_id, user_id, route, key) DO UPDATE SET
    run_id = CASE WHEN held.created_at < now() - interval '24 hours' THEN NULL ELSE held.run_id END,
    created_at = CASE WHEN held.created_at < now() - interval '24 hours' THEN now() ELSE held.created_at END,
    body_hash = excluded.body_hash, status = NULL, headers = NULL, sealed_body = NULL,
    locked_until = excluded.locked_until, holder = excluded.holder
  WHERE held.created_at < now() - interval '24 hours'
     OR (held.status IS NULL AND held.locked_until < now() AND held.body_hash = excluded.body_hash)
  RETURNING run_id`;

const READ = `SELECT body_hash, run_id, status, headers, sealed_body FROM idempotency_key WHERE ${WHERE_KEY}`;

const ATTACH = `UPDATE idempotency_key SET run_id = $5 WHERE ${WHERE_KEY} AND run_id IS NULL RETURNING key`;

const ANSWER = `UPDATE idempotency_key SET status = $5, headers = $6, sealed_body = $7 WHERE ${WHERE_KEY} AND status IS NULL RETURNING key`;

const RELEASE = `DELETE FROM idempotency_key WHERE ${WHERE_KEY} AND holder = $5 AND status IS NULL AND run_id IS NULL`;

const SWEEP = `
  DELETE FROM idempotency_key WHERE ctid IN (
    SELECT ctid FROM idempotency_key WHERE created_at < now() - interval '24 hours' LIMIT $1)`;
