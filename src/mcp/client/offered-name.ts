import { createHash } from 'node:crypto';

/** Between the server's name, which holds no underscore, and the tool's: the first two underscores part them. */
export const SEPARATOR = '__';
const MAX_LENGTH = 64;
const HASH_LENGTH = 8;

/**
 * The name a server's tool has here, `server__tool`: the same for the same tool, whatever else the server lists. One
 * that must be changed to be a tool's name ends in a hash of the server's own name for it, so that two of them differ.
 */
export function offeredName(server: string, tool: string): string {
  const prefix = `${server}${SEPARATOR}`;
  const plain = tool.replace(/[^\w-]/g, '_');
  if (plain === tool && prefix.length + tool.length <= MAX_LENGTH) return `${prefix}${tool}`;
  const hash = createHash('sha256').update(tool).digest('hex').slice(0, HASH_LENGTH);
  const room = MAX_LENGTH - prefix.length - HASH_LENGTH - 1;
  return `${prefix}${plain.slice(0, room)}_${hash}`;
}
