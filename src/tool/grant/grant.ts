import type { Role } from '../../platform/http/principal.js';
import { atLeast } from '../../security/permission/role.js';
import type { OfferedTool } from '../tool-source.js';

/**
 * What a grant lets its subject do with its tools: nothing, whatever another grant says; call those that only read;
 * call all; call all, also those of high risk without asking anybody.
 */
export const GRANT_LEVELS = ['none', 'read', 'execute', 'admin'] as const;
export type GrantLevel = (typeof GRANT_LEVELS)[number];

/** Most calls of one user; null where there is no limit. */
export interface Quota {
  readonly perHour: number | null;
  readonly perDay: number | null;
}

/** Exactly one of `userId` and `role`, and exactly one of `tool`, `pattern` and `serverId`. */
export interface Grant {
  readonly id: string;
  readonly userId: string | null;
  /** Members of this role and above. */
  readonly role: Role | null;
  readonly tool: string | null;
  /** The beginning of the names, then `*`. */
  readonly pattern: string | null;
  /** Every tool of this MCP server. */
  readonly serverId: string | null;
  readonly level: GrantLevel;
  readonly quota: Quota;
  readonly isExpired: boolean;
}

export interface GrantQuestion {
  readonly userId: string;
  readonly role: Role;
  readonly tool: Pick<OfferedTool, 'name' | 'source'>;
}

/**
 * The grant that decides: the first that there is of user + tool, user + pattern, user + server, role + tool,
 * role + pattern, role + server. Of several of one kind, one that denies; else the one that allows most.
 */
export function decidingGrant(grants: readonly Grant[], question: GrantQuestion): Grant | undefined {
  const live = grants.filter((grant) => !grant.isExpired);
  for (const isSubject of [isUser, isRole])
    for (const isObject of [isTool, isPattern, isServer]) {
      const found = live.filter((grant) => isSubject(grant, question) && isObject(grant, question));
      const denying = found.find(({ level }) => level === 'none');
      if (denying) return denying;
      const most = found.toSorted((a, b) => rank(b) - rank(a))[0];
      if (most) return most;
    }
  return undefined;
}

/** Whether a name is one of those that a pattern means. */
export const matches = (pattern: string, name: string): boolean => name.startsWith(pattern.slice(0, -1));

type Test = (grant: Grant, question: GrantQuestion) => boolean;

const isUser: Test = (grant, { userId }) => grant.userId === userId;
const isRole: Test = (grant, { role }) => grant.role !== null && atLeast(role, grant.role);
const isTool: Test = (grant, { tool }) => grant.tool === tool.name;
const isPattern: Test = (grant, { tool }) => grant.pattern !== null && matches(grant.pattern, tool.name);
const isServer: Test = (grant, { tool }) =>
  grant.serverId !== null && tool.source.kind === 'mcp' && tool.source.id === grant.serverId;

const rank = ({ level }: Grant): number => GRANT_LEVELS.indexOf(level);
