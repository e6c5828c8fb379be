import { pluginKind } from '../platform/plugin/plugin.registry.js';
import type { JsonSchema } from '../platform/schema/json-schema.js';
import type { ToolContext, ToolEffect, ToolRisk } from './tool.js';

export const TOOL_SOURCE_KINDS = ['builtin', 'workflow', 'mcp', 'declared'] as const;
export type ToolSourceKind = (typeof TOOL_SOURCE_KINDS)[number];

/** A tool as its source offers it to one workspace. */
export interface OfferedTool {
  /** A letter, then up to 63 letters, digits, `_` and `-`. Of an MCP server: `server__tool`; of a workflow: `workflow__name`. */
  readonly name: string;
  readonly title: string;
  /** For the model: what it does and when to use it. */
  readonly description: string;
  /** Of the arguments, an object. */
  readonly parameters: JsonSchema;
  readonly resultSchema?: JsonSchema;
  /** As declared: a call may be riskier. */
  readonly risk: ToolRisk;
  readonly effect: ToolEffect;
  readonly source: {
    readonly kind: ToolSourceKind;
    /** The MCP server, the workflow. */
    readonly id?: string;
    readonly name?: string;
  };
  /** Longest a call may take, when it is not the configured time. */
  readonly timeoutMs?: number;
  /** Why it is listed, but cannot be called now. */
  readonly unavailable?: string;
  /** @throws Problem tool-arguments-invalid with every fault */
  parse(args: unknown): Promise<unknown>;
  /** @param args parsed @returns a JSON value of at most 256 KB @throws as a `ToolExecutor` does */
  call(args: unknown, context: ToolContext): Promise<unknown>;
}

/** Makes a class a source of tools. It may offer other tools at any time, without a restart. */
export const ToolSource = pluginKind('tool source');

export interface ToolOffering {
  list(workspaceId: string): Promise<readonly OfferedTool[]>;
  /** Names come from models and users: own ones only. */
  find(workspaceId: string, name: string): Promise<OfferedTool | undefined>;
  /** Of a source that has tools from servers: whether this is one of the workspace. */
  hasServer?(workspaceId: string, serverId: string): Promise<boolean>;
}
