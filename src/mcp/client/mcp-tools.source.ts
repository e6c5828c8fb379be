import { Injectable } from '@nestjs/common';
import { CacheCounters } from '../../platform/cache/cache-counters.js';
import { RecentReads } from '../../platform/cache/recent-reads.js';
import { isTooDeep, MAX_DEPTH } from '../../platform/schema/json-depth.js';
import { schemaCheck, type SchemaCheck } from '../../platform/schema/json-schema.js';
import { argumentFaults } from '../../tool/tool-arguments.js';
import { ToolSource, type OfferedTool, type ToolOffering } from '../../tool/tool-source.js';
import { McpCalls } from './mcp-call.js';
import { McpDirectory } from './mcp-directory.js';
import { McpToolRepository, type ServedTool } from './mcp-tool.repository.js';
import { SEPARATOR } from './offered-name.js';
import { declaredEffect, declaredRisk, obstacle, type KnownTool } from './tool-standing.js';
import type { ToolDefinition } from './tool-definition.js';

const CHECKS = { maxAgeMs: 10 * 60_000, capacity: 500 };

/** The tools of MCP servers, as their administrators approved them. Never waits for a server to list them. */
@Injectable()
@ToolSource()
export class McpTools implements ToolOffering {
  private readonly checks: RecentReads<SchemaCheck>;

  constructor(
    private readonly tools: McpToolRepository,
    private readonly directory: McpDirectory,
    private readonly calls: McpCalls,
    counters: CacheCounters,
  ) {
    this.checks = new RecentReads<SchemaCheck>(CHECKS).countIn(counters);
  }

  async list(workspaceId: string): Promise<readonly OfferedTool[]> {
    const found = await this.tools.ofWorkspace(workspaceId);
    return found.flatMap((served) => this.offered(workspaceId, served) ?? []);
  }

  async find(workspaceId: string, name: string): Promise<OfferedTool | undefined> {
    if (!name.includes(SEPARATOR) || name.includes('\0')) return undefined;
    const served = await this.tools.offered(workspaceId, name);
    return served && this.offered(workspaceId, served);
  }

  async hasServer(workspaceId: string, serverId: string): Promise<boolean> {
    return (await this.directory.find(workspaceId, serverId)) !== undefined;
  }

  /** Undefined when its server is not there any more. */
  private offered(workspaceId: string, { tool, server }: ServedTool): OfferedTool | undefined {
    const definition = tool.approved ?? tool.listed;
    if (!definition || !this.directory.isThere({ workspaceId, ...server })) return undefined;
    const unavailable = obstacle(tool, server);
    return {
      name: tool.offeredName,
      title: definition.title,
      description: definition.description,
      parameters: definition.inputSchema,
      ...(definition.outputSchema && { resultSchema: definition.outputSchema }),
      risk: declaredRisk(definition.hints, tool.risk),
      effect: declaredEffect(definition.hints),
      source: { kind: 'mcp', id: server.id, name: server.name },
      ...(unavailable !== undefined && { unavailable }),
      parse: (args) => this.parsed(tool, definition, args),
      call: (args, context) =>
        this.calls.call({ serverId: server.id, ...tool, definition, arguments: args as Members }, context),
    };
  }

  private async parsed({ offeredName, ...tool }: KnownTool, definition: ToolDefinition, args: unknown) {
    if (isTooDeep(args))
      throw argumentFaults(offeredName, [{ pointer: '', detail: `are nested deeper than ${MAX_DEPTH}` }]);
    const key = tool.approvedHash ?? tool.listedHash ?? offeredName;
    const check = await this.checks.get(key, () => schemaCheck(definition.inputSchema));
    const faults = check(args);
    if (faults.length > 0) throw argumentFaults(offeredName, faults);
    return args;
  }
}

type Members = Readonly<Record<string, unknown>>;
