import type { McpServer, McpTransport } from './mcp-server.js';
import type { ToolCounts } from './mcp-tool.repository.js';

export const SERVER_STATUSES = ['ok', 'degraded', 'down', 'disabled'] as const;
export type ServerStatus = (typeof SERVER_STATUSES)[number];
export type OverallStatus = Exclude<ServerStatus, 'disabled'>;

export interface ServerStanding {
  readonly id: string;
  readonly name: string;
  readonly transport: McpTransport;
  readonly status: ServerStatus;
  /** How many it lists. */
  readonly tools: number;
  readonly lastCheckAt: string | null;
  readonly latencyMs: number | null;
  /** What is wrong, as sentences. */
  readonly error?: string;
}

const NONE: ToolCounts = { listed: 0, waiting: 0 };

export function standingOf(server: McpServer, counts: ToolCounts = NONE): ServerStanding {
  const { id, name, transport, check } = server;
  const { status, error } = verdict(server, counts);
  return {
    id,
    name,
    transport,
    status,
    tools: counts.listed,
    lastCheckAt: check?.at.toISOString() ?? null,
    latencyMs: check?.latencyMs ?? null,
    ...(error !== undefined && { error }),
  };
}

/** Of the servers that are enabled: none of them is fine, and all of them down is down. */
export function overall(standings: readonly ServerStanding[]): OverallStatus {
  const enabled = standings.filter(({ status }) => status !== 'disabled');
  if (enabled.every(({ status }) => status === 'ok')) return 'ok';
  return enabled.every(({ status }) => status === 'down') ? 'down' : 'degraded';
}

function verdict({ enabled, check }: McpServer, { waiting }: ToolCounts): { status: ServerStatus; error?: string } {
  if (!enabled) return { status: 'disabled' };
  if (!check) return { status: 'degraded', error: 'It has not been asked yet.' };
  if (!check.isUp) return { status: 'down', error: check.remark ?? 'It cannot be reached.' };
  const faults = [check.remark, waiting > 0 ? waitingSentence(waiting) : undefined].filter(
    (text) => text !== undefined,
  );
  return faults.length === 0 ? { status: 'ok' } : { status: 'degraded', error: faults.join(' ') };
}

const waitingSentence = (count: number): string =>
  count === 1 ? 'A tool of it waits for approval.' : `${count} tools of it wait for approval.`;
