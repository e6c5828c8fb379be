import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Grant } from '../grant/grant.js';

/** A quota that is used up. */
export interface UsedUp {
  readonly window: 'hour' | 'day';
  readonly retryAfterSeconds: number;
}

/** How often grants with a quota were used: each user counted alone, by the clock's hours and days (UTC). */
@Injectable()
export class QuotaRepository {
  constructor(private readonly database: Database) {}

  /** Counts a call, in one statement; undefined when it was counted. */
  async take(grant: Grant, userId: string): Promise<UsedUp | undefined> {
    const { perHour, perDay } = grant.quota;
    if (perHour === null && perDay === null) return undefined;
    const taken = await this.database.one(TAKE, [grant.id, userId, perHour, perDay]);
    return taken ? undefined : ((await this.peek(grant, userId)) ?? { window: 'hour', retryAfterSeconds: 1 });
  }

  /** What {@link take} would say, counting nothing. */
  async peek({ id, quota: { perHour, perDay } }: Grant, userId: string): Promise<UsedUp | undefined> {
    if (perHour === null && perDay === null) return undefined;
    const row = await this.database.one<{ day: number | null; hour: number | null }>(PEEK, [
      id,
      userId,
      perHour,
      perDay,
    ]);
    if (row?.day != null) return { window: 'day', retryAfterSeconds: row.day };
    return row?.hour == null ? undefined : { window: 'hour', retryAfterSeconds: row.hour };
  }
}

const HOUR = `date_trunc('hour', now(), 'UTC')`;
const DAY = `date_trunc('day', now(), 'UTC')`;
const USED_THIS_HOUR = `CASE WHEN quota.hour_at = ${HOUR} THEN quota.hour_count ELSE 0 END`;
const USED_THIS_DAY = `CASE WHEN quota.day_at = ${DAY} THEN quota.day_count ELSE 0 END`;

const TAKE = `
  INSERT INTO tool_quota AS quota (grant_id, user_id, hour_at, hour_count, day_at, day_count)
  VALUES ($1, $2, ${HOUR}, 1, ${DAY}, 1)
  ON CONFLICT (grant_id, user_id) DO UPDATE SET
    hour_at = ${HOUR}, hour_count = ${USED_THIS_HOUR} + 1, day_at = ${DAY}, day_count = ${USED_THIS_DAY} + 1
  WHERE ($3::int IS NULL OR ${USED_THIS_HOUR} < $3) AND ($4::int IS NULL OR ${USED_THIS_DAY} < $4)
  RETURNING 1`;

const PEEK = `
  SELECT
    CASE WHEN ${USED_THIS_HOUR} >= $3::int THEN ceil(extract(epoch FROM ${HOUR} + interval '1 hour' - now()))::int END AS hour,
    CASE WHEN ${USED_THIS_DAY} >= $4::int THEN ceil(extract(epoch FROM ${DAY} + interval '1 day' - now()))::int END AS day
  FROM tool_quota quota WHERE grant_id = $1 AND user_id = $2`;
