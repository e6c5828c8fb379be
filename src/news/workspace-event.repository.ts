import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import { WorkspaceEventSource, type WorkspaceEventOptions, type WorkspaceEvents } from './workspace-event-source.js';
import { toWorkspaceEvent, type Happening, type WorkspaceEvent } from './workspace-event.js';

export interface EventPage {
  /** What is committed before this time is in the page, or in one that follows. */
  readonly readAt: number;
  readonly events: readonly WorkspaceEvent[];
}

const PAGE = 500;

/** What happened in a workspace, as the tables tell it: one statement over all sources. */
@Injectable()
export class WorkspaceEventRepository implements OnModuleInit {
  private statement = '';

  constructor(
    private readonly database: Database,
    private readonly plugins: PluginRegistry,
  ) {}

  onModuleInit(): void {
    const sources = this.plugins.find<WorkspaceEvents, WorkspaceEventOptions>(WorkspaceEventSource);
    this.statement = statementOf(sources.map(({ plugin, options }) => ({ ...options, happened: plugin.happened })));
  }

  /** By the clock of the database, in milliseconds. */
  async now(): Promise<number> {
    const row = await this.database.one<{ now: number }>(`SELECT ${NOW} AS now`);
    return row?.now ?? Date.now();
  }

  /** Since `from`, oldest first, in pages; there is always a first one. An event at the edge of two pages is in both. */
  async *since(workspaceId: string, from: number): AsyncGenerator<EventPage> {
    for (let start = from, size = PAGE; ;) {
      const page = await this.page(workspaceId, start, size);
      yield page;
      const last = page.events.at(-1);
      if (last === undefined || page.events.length < size) return;
      // More of one moment than a page holds: the next one holds it.
      size = last.at > start ? PAGE : 2 * size;
      start = Math.max(start, last.at);
    }
  }

  private async page(workspaceId: string, from: number, size: number): Promise<EventPage> {
    const values = [workspaceId, new Date(from).toISOString(), size];
    const row = await this.database.one<{ now: number; events: Happening[] }>(this.statement, values);
    return { readAt: row?.now ?? from, events: (row?.events ?? []).map(toWorkspaceEvent) };
  }
}

const milliseconds = (time: string) => `floor(extract(epoch FROM ${time}) * 1000)::float8`;
const NOW = milliseconds('now()');

const statementOf = (sources: readonly (WorkspaceEvents & WorkspaceEventOptions)[]): string => `
  SELECT ${NOW} AS now,
    coalesce(json_agg(json_build_object('type', type, 'at', ${milliseconds('at')}, 'scope', scope, 'id', id,
      'detail', detail) ORDER BY at), '[]') AS events
  FROM (
    SELECT * FROM (
      ${sources.map(({ scope, happened }) => `SELECT '${scope}' AS scope, source.* FROM (${happened}) source`).join(' UNION ALL ')}
    ) happened ORDER BY at LIMIT $3
  ) page`;
