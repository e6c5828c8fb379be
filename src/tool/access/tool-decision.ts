import type { Role } from '../../platform/http/principal.js';
import { riskOf, type Risk } from '../../security/risk/risk.js';
import { decidingGrant, type Grant, type GrantLevel } from '../grant/grant.js';
import type { OfferedTool } from '../tool-source.js';

export interface DecisionSubject {
  readonly tool: Pick<OfferedTool, 'name' | 'source' | 'effect' | 'risk' | 'unavailable'>;
  readonly userId: string;
  /** Of the user now; undefined for who is no member of the workspace. */
  readonly role: Role | undefined;
  readonly grants: readonly Grant[];
  /** Whether nobody has switched the tool off. */
  readonly isEnabled: boolean;
  readonly arguments: unknown;
}

/** Whether a user may call a tool now, and why: one sentence that names what decided and, for a no, the remedy. */
export interface ToolDecision {
  readonly allowed: boolean;
  /** What stands in the way: a missing right, or the tool itself. */
  readonly refusal?: 'denied' | 'disabled';
  readonly reason: string;
  readonly level: GrantLevel;
  readonly risk: Risk;
  readonly needsApproval: boolean;
  /** Absent when what holds for every member decided. */
  readonly grant?: Grant;
}

export function toolDecision(subject: DecisionSubject): ToolDecision {
  const { tool, isEnabled } = subject;
  const { risk, reasons } = riskOf({ declared: tool.risk, name: tool.name, arguments: subject.arguments });
  const right = rightOf(subject);
  const needsApproval = risk === 'high' && right.level !== 'admin';
  const decided = { ...right, risk, needsApproval };
  if (!right.allowed) return { ...decided, refusal: 'denied' };
  const disabled = { ...decided, allowed: false, refusal: 'disabled' as const };
  if (!isEnabled)
    return { ...disabled, reason: `The tool "${tool.name}" is switched off here; an admin can switch it on again.` };
  if (tool.unavailable !== undefined)
    return { ...disabled, reason: `The tool "${tool.name}" cannot be called now: ${tool.unavailable}` };
  if (!needsApproval) return decided;
  return { ...decided, reason: `${right.reason} A person must approve the call: ${reasons.join(' ')}` };
}

type Right = Pick<ToolDecision, 'allowed' | 'reason' | 'level' | 'grant'>;

const ASK = 'ask an admin of the workspace for a grant (POST /api/v1/tools/grants)';

function rightOf({ tool, userId, role, grants }: DecisionSubject): Right {
  const name = `"${tool.name}"`;
  if (role === undefined)
    return denied(`The user is no member of this workspace; an admin must add them before they may call ${name}.`);
  const grant = decidingGrant(grants, { userId, role, tool });
  if (grant) return granted(grant, tool);
  if (tool.source.kind === 'builtin' && tool.effect === 'read' && tool.risk === 'low')
    return { allowed: true, level: 'read', reason: `Every member may call ${name}, which only reads.` };
  return denied(`No grant allows you to call ${name}; ${ASK}.`);
}

function granted(grant: Grant, { name, effect }: DecisionSubject['tool']): Right {
  const { level } = grant;
  const words = `${subjectOf(grant)} on ${objectOf(grant)}`;
  if (level === 'none')
    return denied(
      `The grant for ${words} denies the call of "${name}"; ask an admin of the workspace to change it.`,
      grant,
    );
  if (level === 'read' && effect !== 'read')
    return {
      ...denied(
        `The grant for ${words} lets you only read, and "${name}" does more; ${ASK} of level "execute".`,
        grant,
      ),
      level,
    };
  return { allowed: true, level, grant, reason: `The grant for ${words} of level "${level}" allows it.` };
}

const denied = (reason: string, grant?: Grant): Right => ({ allowed: false, level: 'none', reason, grant });

const subjectOf = ({ role }: Grant): string => (role === null ? 'this user' : `the role ${role}`);

function objectOf({ tool, pattern }: Grant): string {
  if (tool !== null) return 'the tool';
  return pattern === null ? "the tool's MCP server" : `"${pattern}"`;
}
