import { isTooDeep } from '../../platform/schema/json-depth.js';
import type { McpSession } from './mcp-connector.js';
import { listedTool, type ListedTool, type ToolItem } from './tool-definition.js';

/** What a server lists, as far as it is taken. */
export interface ToolListing {
  readonly tools: readonly ListedTool[];
  /** Items that no tool can be made of: names that are none or are there twice, and all beyond the limits. */
  readonly leftOut: number;
}

const MOST_TOOLS = 256;
const MOST_PAGES = 32;

/** Asks a server for its tools, page by page, within limits. */
export async function toolListing({ client }: McpSession, signal: AbortSignal): Promise<ToolListing> {
  if (!client.getServerCapabilities()?.tools) return { tools: [], leftOut: 0 };
  const items: ToolItem[] = [];
  let cursor: string | undefined;
  for (let page = 1; page <= MOST_PAGES && items.length <= MOST_TOOLS; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const { tools, nextCursor } = await client.request({ method: 'tools/list', params }, { signal });
    items.push(...tools.slice(0, MOST_TOOLS + 1));
    if (nextCursor === undefined || nextCursor === cursor) break;
    cursor = nextCursor;
  }
  return accepted(items);
}

async function accepted(items: readonly ToolItem[]): Promise<ToolListing> {
  const tools = new Map<string, ListedTool>();
  for (const item of items.slice(0, MOST_TOOLS)) {
    const tool = isTooDeep(item) ? undefined : await listedTool(item);
    if (tool && !tools.has(tool.name)) tools.set(tool.name, tool);
  }
  return { tools: [...tools.values()], leftOut: items.length - tools.size };
}
