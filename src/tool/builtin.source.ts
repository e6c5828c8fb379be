import { Injectable, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';
import { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import { pointerTo } from '../platform/problem/pointer.js';
import { argumentFaults } from './tool-arguments.js';
import { TOOL_NAME } from './tool-name.js';
import { ToolSource, type OfferedTool, type ToolOffering } from './tool-source.js';
import { Tool, type ToolExecutor, type ToolOptions } from './tool.js';

/** The tools that are classes of this server: the same in every workspace. */
@Injectable()
@ToolSource()
export class BuiltInTools implements ToolOffering, OnModuleInit {
  private tools: ReadonlyMap<string, OfferedTool> = new Map();

  constructor(private readonly plugins: PluginRegistry) {}

  /** @throws Error when a tool cannot be offered: providers refuse other names and arguments that are no object */
  onModuleInit(): void {
    const found = this.plugins
      .find<ToolExecutor, ToolOptions>(Tool)
      .map(({ plugin, options }) => offered(plugin, options));
    this.tools = new Map(found.map((tool) => [tool.name, tool]));
    if (this.tools.size !== found.length) throw new Error('Two tools carry the same name.');
  }

  async list(): Promise<readonly OfferedTool[]> {
    return [...this.tools.values()];
  }

  async find(_workspaceId: string, name: string): Promise<OfferedTool | undefined> {
    return this.tools.get(name);
  }
}

function offered(executor: ToolExecutor, { arguments: schema, ...options }: ToolOptions): OfferedTool {
  if (!TOOL_NAME.test(options.name)) throw new Error(`No tool can be named "${options.name}".`);
  const { $schema: _dialect, ...parameters } = z.toJSONSchema(schema, { io: 'input' });
  if (parameters.type !== 'object') throw new Error(`The arguments of tool "${options.name}" are not an object.`);
  return {
    ...options,
    parameters,
    source: { kind: 'builtin' },
    parse: (args) => parsed(options.name, schema, args),
    call: (args, context) => executor.call(args, context),
  };
}

async function parsed(tool: string, schema: z.ZodType, given: unknown): Promise<unknown> {
  const { success, data, error } = await schema.safeParseAsync(given);
  if (success) return data;
  throw argumentFaults(
    tool,
    error.issues.map(({ path, message }) => ({ pointer: pointerTo(path), detail: message })),
  );
}
