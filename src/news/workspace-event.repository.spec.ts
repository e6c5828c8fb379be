import type { Database } from '../platform/database/database.js';
import type { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import { WorkspaceEventRepository } from './workspace-event.repository.js';

/** A table in memory, asked as the statement asks: from a time, oldest first, so many. */
function repositoryOf(times: readonly number[]) {
  const rows = times.map((at, id) => ({ type: 'run.ended', at, scope: 'runs:read', id: String(id), detail: {} }));
  const one = async (_: string, [, from, size]: readonly [string, string, number]) => ({
    now: 0,
    events: rows.filter(({ at }) => at >= Date.parse(from)).slice(0, size),
  });
  return new WorkspaceEventRepository({ one } as unknown as Database, { find: () => [] } as unknown as PluginRegistry);
}

describe('the events since a time', () => {
  it.each<[string, readonly number[]]>([
    ['fit in one page', [1, 2, 2, 3]],
    ['fill pages', Array.from({ length: 1_700 }, (_, index) => 10 + index)],
    ['fill pages in one moment', [1, ...Array<number>(1_700).fill(7), 8, 9]],
    ['begin with more of a moment than a page holds', Array<number>(1_700).fill(0)],
  ])('are all told when they %s', async (_, times) => {
    const told = new Set<string>();
    for await (const { events } of repositoryOf(times).since('w', 0)) for (const { seq } of events) told.add(seq);
    expect(told.size).toBe(times.length);
  });
});
