import type { ToolEffect, ToolRisk } from '../../tool/tool.js';
import { definitionChanges, type DefinitionChange } from './definition-change.js';
import type { McpServer } from './mcp-server.js';
import { standingOf, type ServerStanding } from './server-standing.js';
import type { ToolDefinition } from './tool-definition.js';
import { declaredEffect, declaredRisk, statusOf, type KnownTool, type ToolStatus } from './tool-standing.js';
import type { ToolCounts } from './mcp-tool.repository.js';

/** A server as administrators see it. */
export interface ServerSummary extends Omit<ServerStanding, 'tools'> {
  readonly url?: string;
  readonly secretId?: string;
  readonly enabled: boolean;
  readonly protocolVersion?: string;
  readonly toolCount: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface ServerView extends ServerSummary {
  readonly tools: readonly ToolView[];
}

export interface ToolView {
  readonly name: string;
  readonly offeredName: string;
  readonly status: ToolStatus;
  readonly title: string;
  readonly description: string;
  readonly risk: ToolRisk;
  readonly effect: ToolEffect;
  /** Of what the server lists now; for the approval of exactly that. */
  readonly hash?: string;
  readonly diff?: readonly DefinitionChange[];
  readonly fault?: string;
}

export function summaryOf(server: McpServer, counts?: ToolCounts): ServerSummary {
  const { tools, ...standing } = standingOf(server, counts);
  const { url, secretId, enabled, check, createdAt, updatedAt } = server;
  return {
    ...standing,
    ...(url !== undefined && { url }),
    ...(secretId !== undefined && { secretId }),
    enabled,
    ...(check?.protocolVersion !== undefined && { protocolVersion: check.protocolVersion }),
    toolCount: tools,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

export function viewOf(server: McpServer, tools: readonly KnownTool[]): ServerView {
  const listed = tools.filter(({ listedHash }) => listedHash !== undefined);
  const waiting = listed.filter((tool) => statusOf(tool) !== 'approved').length;
  return { ...summaryOf(server, { listed: listed.length, waiting }), tools: tools.map(toolViewOf) };
}

/** What is shown is what would be approved; of a tool that is gone, what was. */
export function toolViewOf(tool: KnownTool): ToolView {
  const { name, offeredName, listedHash, fault } = tool;
  const { title, description, hints } = shownOf(tool);
  const status = statusOf(tool);
  return {
    name,
    offeredName,
    status,
    title,
    description,
    risk: declaredRisk(hints, tool.risk),
    effect: declaredEffect(hints),
    ...(listedHash !== undefined && { hash: listedHash }),
    ...(status === 'changed' && { diff: definitionChanges(tool.approved, tool.listed) }),
    ...(fault !== undefined && { fault }),
  };
}

/** A tool that is known was approved or is listed. */
function shownOf({ name, approved, listed }: KnownTool): ToolDefinition {
  const definition = listed ?? approved;
  if (!definition) throw new Error(`Nothing is known of the tool ${name}.`);
  return definition;
}
