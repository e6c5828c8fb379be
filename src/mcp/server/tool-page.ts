import { ProtocolError, ProtocolErrorCode, type ListToolsResult, type Tool } from '@modelcontextprotocol/server';
import { decodeCursor, encodeCursor } from '../../platform/http/page.js';
import { Problem } from '../../platform/problem/problem.js';
import type { OfferedTool } from '../../tool/tool-source.js';

const PAGE_SIZE = 100;

/**
 * One page of a list of tools, by name: a tool that comes or goes between two pages moves no other.
 * @throws ProtocolError for a cursor that is none of ours
 */
export function toolPage(offered: readonly OfferedTool[], cursor?: string): ListToolsResult {
  const after = cursor === undefined ? '' : nameIn(cursor);
  const rest = offered
    .filter(({ name, unavailable }) => unavailable === undefined && name > after)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = rest.slice(0, PAGE_SIZE);
  const last = page.at(-1);
  return {
    tools: page.map(described),
    ...(last && rest.length > PAGE_SIZE && { nextCursor: encodeCursor([last.name]) }),
  };
}

function nameIn(cursor: string): string {
  try {
    return decodeCursor(cursor, ['text'])[0] ?? '';
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'The cursor is none of this list.');
  }
}

function described({ name, title, description, parameters, resultSchema, effect, risk, source }: OfferedTool): Tool {
  return {
    name,
    title,
    description,
    inputSchema: { ...parameters, type: 'object' },
    // Clients of 2025 know objects only.
    ...(resultSchema?.type === 'object' && { outputSchema: { ...resultSchema, type: 'object' } }),
    annotations: {
      title,
      readOnlyHint: effect === 'read',
      idempotentHint: effect !== 'once',
      destructiveHint: effect !== 'read' && risk !== 'low',
      openWorldHint: source.kind !== 'builtin',
    },
  };
}
