import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { Sealer } from '../../platform/sealing/sealer.js';

export interface NewWebhook {
  readonly workspaceId: string;
  readonly runId: string;
  readonly url: string;
  readonly secret: string;
}

/** A delivery that is this process's to make, until its claim ends. */
export interface ClaimedWebhook {
  /** The receiver's `webhook-id`: the same for every attempt. */
  readonly id: string;
  readonly workspaceId: string;
  readonly runId: string;
  readonly url: string;
  readonly sealedSecret: Buffer;
  /** From 1. Only the claim that counted it may settle it. */
  readonly attempt: number;
}

const PURPOSE = 'webhook';
/** The queue may be a little early by the clock of the database. */
const EARLY_MS = 1_000;
const MAX_FAULT = 500;

@Injectable()
export class WebhookRepository {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
  ) {}

  async add({ workspaceId, runId, url, secret }: NewWebhook): Promise<void> {
    await this.database.query(INSERT, [newId(), workspaceId, runId, url, this.sealer.seal(secret, PURPOSE)]);
  }

  /** The run has ended: its deliveries are due. Answers their ids. */
  async becomeDue(workspaceId: string, runId: string): Promise<readonly string[]> {
    return (await this.database.query<{ id: string }>(BECOME_DUE, [workspaceId, runId])).map(({ id }) => id);
  }

  async due(limit: number): Promise<readonly string[]> {
    return (await this.database.query<{ id: string }>(DUE, [limit])).map(({ id }) => id);
  }

  /** Undefined when there is nothing to be sent now, or another process is about it. */
  async claim(id: string, claimMs: number): Promise<ClaimedWebhook | undefined> {
    const row = await this.database.one<WebhookRow>(CLAIM, [id, EARLY_MS, claimMs]);
    if (!row) return undefined;
    const { workspace_id: workspaceId, run_id: runId, url, attempt, sealed_secret: sealedSecret } = row;
    return { id, workspaceId, runId, url, attempt, sealedSecret };
  }

  /** @throws SealBroken */
  secretOf({ sealedSecret }: ClaimedWebhook): string {
    return this.sealer.open(sealedSecret, PURPOSE);
  }

  async delivered({ id, attempt }: ClaimedWebhook): Promise<void> {
    await this.database.query(SETTLE, [id, attempt, 'delivered', null]);
  }

  async failed({ id, attempt }: ClaimedWebhook, fault: string): Promise<void> {
    await this.database.query(SETTLE, [id, attempt, 'failed', fault.slice(0, MAX_FAULT)]);
  }

  /** Due again after a pause. False when the claim was lost: another process has gone on with it. */
  async postpone({ id, attempt }: ClaimedWebhook, pauseMs: number, fault: string): Promise<boolean> {
    return (await this.database.one(POSTPONE, [id, attempt, pauseMs, fault.slice(0, MAX_FAULT)])) !== undefined;
  }
}

interface WebhookRow {
  readonly workspace_id: string;
  readonly run_id: string;
  readonly url: string;
  readonly sealed_secret: Buffer;
  readonly attempt: number;
}

const INSERT = `
  INSERT INTO webhook_delivery (id, workspace_id, run_id, url, sealed_secret) VALUES ($1, $2, $3, $4, $5)`;

const BECOME_DUE = `
  UPDATE webhook_delivery SET status = 'due', due_at = now()
  WHERE workspace_id = $1 AND run_id = $2 AND status = 'registered'
  RETURNING id`;

const DUE = `
  SELECT id FROM webhook_delivery
  WHERE status = 'due' AND due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
  ORDER BY due_at LIMIT $1`;

const CLAIM = `
  UPDATE webhook_delivery SET attempt = attempt + 1, claimed_until = now() + $3::int * interval '1 ms'
  WHERE id = $1 AND status = 'due' AND due_at <= now() + $2::int * interval '1 ms'
    AND (claimed_until IS NULL OR claimed_until < now())
  RETURNING workspace_id, run_id, url, sealed_secret, attempt`;

const SETTLE = `
  UPDATE webhook_delivery SET status = $3, last_fault = coalesce($4, last_fault), settled_at = now(), claimed_until = NULL, due_at = NULL
  WHERE id = $1 AND attempt = $2 AND status = 'due'`;

const POSTPONE = `
  UPDATE webhook_delivery SET due_at = now() + $3::int * interval '1 ms', last_fault = $4, claimed_until = NULL
  WHERE id = $1 AND attempt = $2 AND status = 'due'
  RETURNING id`;
