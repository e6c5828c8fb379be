import { offeredName } from './offered-name.js';
import type { ListedTool } from './tool-definition.js';
import type { KnownTool } from './tool-standing.js';

/** Tools of one server that are kept: those that are listed, and those that were approved and may come back. */
const MOST_KNOWN = 512;

/**
 * What is known of a server's tools once it has listed them. With the first list they are approved as they are: whoever
 * registered the server saw that they come from there. Whatever comes or changes later waits for approval, and a tool
 * that goes keeps its approval for when it returns the same.
 */
export function afterListing(
  server: { readonly name: string; readonly isListed: boolean },
  known: readonly KnownTool[],
  listed: readonly ListedTool[],
): readonly KnownTool[] {
  const before = new Map(known.map((tool) => [tool.name, tool]));
  const now = listed.map((tool) => listedNow(server, tool, before.get(tool.name)));
  const names = new Set(now.map(({ name }) => name));
  const gone = known.filter(({ name, approvedHash }) => approvedHash !== undefined && !names.has(name));
  return withoutTwins([...now, ...gone.map(unlisted)].slice(0, MOST_KNOWN));
}

function listedNow(
  server: { readonly name: string; readonly isListed: boolean },
  { name, definition, hash, fault }: ListedTool,
  before: KnownTool | undefined,
): KnownTool {
  const isTrusted = !server.isListed && !before && fault === undefined;
  return {
    name,
    offeredName: offeredName(server.name, name),
    approved: isTrusted ? definition : before?.approved,
    approvedHash: isTrusted ? hash : before?.approvedHash,
    listed: definition,
    listedHash: hash,
    fault,
    risk: before?.risk,
  };
}

const unlisted = ({ listed: _listed, listedHash: _hash, fault: _fault, ...rest }: KnownTool): KnownTool => rest;

/** Two names that come to one are told apart by their order: the first is offered, the other says why it is not. */
function withoutTwins(tools: readonly KnownTool[]): readonly KnownTool[] {
  const taken = new Map<string, string>();
  for (const { offeredName: offered, name, listedHash } of tools.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    if (listedHash !== undefined && !taken.has(offered)) taken.set(offered, name);
  return tools.map((tool) => {
    const first = taken.get(tool.offeredName);
    if (first === tool.name || tool.listedHash === undefined) return tool;
    return { ...tool, fault: `Its name cannot be told from that of "${first}".` };
  });
}
