import type { ToolEffect, ToolRisk } from '../../tool/tool.js';
import type { ToolDefinition, ToolHints } from './tool-definition.js';

export const TOOL_STATUSES = ['approved', 'changed', 'new', 'removed'] as const;
export type ToolStatus = (typeof TOOL_STATUSES)[number];

/** What is known of a server's tool: as it was approved, and as the server lists it now. */
export interface KnownTool {
  /** The server's own name for it. */
  readonly name: string;
  readonly offeredName: string;
  readonly approved?: ToolDefinition;
  readonly approvedHash?: string;
  readonly listed?: ToolDefinition;
  readonly listedHash?: string;
  /** Why it cannot be offered whatever anybody says. */
  readonly fault?: string;
  /** As an administrator declared it, when one did. */
  readonly risk?: ToolRisk;
}

export function statusOf({ approvedHash, listedHash }: KnownTool): ToolStatus {
  if (listedHash === undefined) return 'removed';
  if (approvedHash === undefined) return 'new';
  return approvedHash === listedHash ? 'approved' : 'changed';
}

/** Why a tool that is listed cannot be called now; undefined when it can. */
export function obstacle(tool: KnownTool, server: { readonly name: string; readonly enabled: boolean }) {
  if (!server.enabled) return `The MCP server "${server.name}" is disabled. An administrator can enable it.`;
  if (tool.fault !== undefined) return `The MCP server "${server.name}" describes this tool wrongly. ${tool.fault}`;
  const status = statusOf(tool);
  if (status === 'changed')
    return `The MCP server "${server.name}" has changed this tool since it was approved. An administrator can compare and approve it.`;
  if (status === 'new')
    return `The MCP server "${server.name}" has added this tool since it was registered. An administrator can approve it.`;
  return undefined;
}

const RANK: Readonly<Record<ToolRisk, number>> = { low: 0, medium: 1, high: 2 };

/**
 * The declared risk of a tool. Hints raise it, and never lower it: only an administrator's word makes a reading tool
 * low, and none makes a destructive one less than high.
 */
export function declaredRisk(hints: ToolHints, declared: ToolRisk = 'medium'): ToolRisk {
  const least: ToolRisk = hints.destructive ? 'high' : hints.readOnly ? 'low' : 'medium';
  return RANK[declared] > RANK[least] ? declared : least;
}

/** What a second call does; `once` unless the server says that repeating is harmless. */
export function declaredEffect({ readOnly, idempotent, destructive }: ToolHints): ToolEffect {
  if (readOnly && !destructive) return 'read';
  return idempotent ? 'idempotent' : 'once';
}
