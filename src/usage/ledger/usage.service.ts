import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock/clock.js';
import { decodeCursor, toPage } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { validationFailed } from '../../platform/problem/http.errors.js';
import { atLeast } from '../../security/permission/role.js';
import { toUsageSumDto, type UsagePageDto, type UsageQuery } from './usage.dto.js';
import { UsageRepository } from './usage.repository.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

/** What was used in a workspace: for admins all of it, for other members their own. */
@Injectable()
export class UsageService {
  constructor(
    private readonly usage: UsageRepository,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem validation-failed for a day that does not exist, or a span that ends before it begins */
  async list({ workspaceId, userId, role }: Principal, query: UsageQuery): Promise<UsagePageDto> {
    const { groupBy, limit, cursor } = query;
    const to = dayOf(query.to, '/to') ?? dayAt(this.clock.millis());
    const from = dayOf(query.from, '/from') ?? dayAt(Date.parse(to) - (DEFAULT_DAYS - 1) * DAY_MS);
    if (from > to) throw validationFailed([{ pointer: '/from', detail: 'must not be after the last day' }]);
    const [after = null] = cursor === undefined ? [] : decodeCursor(cursor, ['text']);
    const whose = atLeast(role, 'admin') ? null : userId;
    const rows = await this.usage.sums(groupBy, { workspaceId, userId: whose, from, to }, after, limit + 1);
    return toPage(
      rows,
      limit,
      ({ key }) => [key],
      (sum) => toUsageSumDto(sum, groupBy),
    );
  }
}

const dayAt = (millis: number): string => new Date(millis).toISOString().slice(0, 10);

/** @throws Problem validation-failed */
function dayOf(text: string | undefined, pointer: string): string | undefined {
  if (text === undefined) return undefined;
  const millis = Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text);
  const isReal = !Number.isNaN(millis) && !text.startsWith('0000') && isDay(text.slice(0, 10));
  if (isReal && new Date(millis).getUTCFullYear() >= 1) return dayAt(millis);
  throw validationFailed([{ pointer, detail: 'is no day there is' }]);
}

/** `Date.parse` alone also takes the 31st of February. */
const isDay = (day: string): boolean => {
  const millis = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(millis) && dayAt(millis) === day;
};
