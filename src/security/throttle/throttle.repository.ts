import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Rate } from './gcra.js';

interface Counted {
  readonly allowed: boolean;
  /** Milliseconds until the whole allowance of the key is free again. */
  readonly fullInMs: number;
}

@Injectable()
export class ThrottleRepository {
  constructor(private readonly database: Database) {}

  /** Counts one act of the key against its rate, for all processes. It stays counted when the caller's transaction fails. */
  async count(key: string, { intervalMs, windowMs }: Rate): Promise<Counted> {
    const row = await this.database.detached(() =>
      this.database.one<{ allowed: boolean; full_in_ms: number }>(COUNT, [key, intervalMs, windowMs]),
    );
    return { allowed: row?.allowed ?? false, fullInMs: row?.full_in_ms ?? 0 };
  }

  /** Forgets keys whose allowance is full again. */
  async sweep(): Promise<void> {
    await this.database.query(SWEEP);
  }
}

/** The generic cell rate algorithm: an act moves "full at" one interval on, unless that lies beyond the window. */
const COUNT = `
  INSERT INTO throttle AS held (key, full_at, allowed)
  VALUES ($1, now() + $2::float8 * interval '1 millisecond', true)
  ON CONFLICT (key) DO UPDATE SET
    allowed = greatest(held.full_at, now()) + $2::float8 * interval '1 millisecond' <= now() + $3::float8 * interval '1 millisecond',
    full_at = CASE
      WHEN greatest(held.full_at, now()) + $2::float8 * interval '1 millisecond' <= now() + $3::float8 * interval '1 millisecond'
      THEN greatest(held.full_at, now()) + $2::float8 * interval '1 millisecond'
      ELSE held.full_at END
  RETURNING allowed, (extract(epoch FROM full_at - now()) * 1000)::float8 AS full_in_ms`;

const SWEEP = 'DELETE FROM throttle WHERE full_at < now()';
