import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { EnvironmentVariables } from '../../src/platform/config/configuration.js';
import { Database } from '../../src/platform/database/database.js';
import { PlatformModule } from '../../src/platform/platform.module.js';
import { QueueHandler, type WorkHandler } from '../../src/platform/queue/queue-handler.js';
import { WorkQueue } from '../../src/platform/queue/work-queue.js';

export const TOPIC = 'errand';
const CLAIM_MS = 5_000;
const SLOW_MS = 1_500;

/** What becomes of an errand once somebody sets about it. */
export type ErrandKind = 'plain' | 'slow' | 'fails' | 'endless';

export const ERRAND_TABLE = `
  CREATE TABLE errand (
    id text PRIMARY KEY,
    kind text NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now(),
    claimed_until timestamptz,
    begun integer NOT NULL DEFAULT 0,
    done integer NOT NULL DEFAULT 0,
    done_at timestamptz)`;

/** Work as a feature would have it: a table that is the truth, and a claim by one conditional UPDATE. */
@Injectable()
@QueueHandler({ topic: TOPIC, concurrency: 5 })
class ErrandHandler implements WorkHandler {
  constructor(private readonly database: Database) {}

  async handle(id: string, signal: AbortSignal): Promise<void> {
    const claimed = await this.database.one<{ kind: ErrandKind }>(
      `UPDATE errand SET claimed_until = now() + $2::int * interval '1 ms', begun = begun + 1
       WHERE id = $1 AND done_at IS NULL AND due_at <= now() + interval '20 ms' AND (claimed_until IS NULL OR claimed_until < now())
       RETURNING kind`,
      [id, CLAIM_MS],
    );
    if (!claimed) return;
    if (claimed.kind === 'fails') throw new Error(`Errand ${id} is bound to fail.`);
    if (claimed.kind === 'slow') await sleep(SLOW_MS, undefined, { signal });
    if (claimed.kind === 'endless') await sleep(600_000, undefined, { signal });
    await this.database.query('UPDATE errand SET done = done + 1, done_at = now() WHERE id = $1', [id]);
  }

  async due(limit: number): Promise<readonly string[]> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT id FROM errand
       WHERE done_at IS NULL AND due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
       ORDER BY due_at LIMIT $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }
}

@Module({ providers: [ErrandHandler] })
class ErrandModule {}

/** The platform with a handler of errands, in this process. */
export async function errandRoom(environment: EnvironmentVariables) {
  const room = await Test.createTestingModule({
    imports: [PlatformModule.with({ NODE_ENV: 'test', LOG_LEVEL: 'silent', ...environment }), ErrandModule],
  }).compile();
  room.useLogger(false);
  await room.init();
  return { room, queue: room.get(WorkQueue), close: () => room.close() };
}

export type ErrandRoom = Awaited<ReturnType<typeof errandRoom>>;
