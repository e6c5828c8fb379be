import { Injectable } from '@nestjs/common';
import type { Role } from '../../platform/http/principal.js';
import { Memberships } from '../../security/workspace/memberships.js';
import type { Grant } from '../grant/grant.js';
import { GrantRepository } from '../grant/grant.repository.js';
import type { OfferedTool } from '../tool-source.js';
import { toolDecision, type ToolDecision } from './tool-decision.js';
import { ToolSwitches } from './tool-switches.js';

/** Who calls tools. */
export interface ToolCaller {
  readonly workspaceId: string;
  readonly userId: string;
}

/** What decides about a user's calls, as it stands at one moment. */
export interface AccessState {
  readonly userId: string;
  readonly role: Role | undefined;
  readonly grants: readonly Grant[];
  readonly off: ReadonlySet<string>;
}

/** Whether users may call tools: by their role of this moment and by the grants of this moment. */
@Injectable()
export class ToolAccess {
  constructor(
    private readonly memberships: Memberships,
    private readonly grants: GrantRepository,
    private readonly switches: ToolSwitches,
  ) {}

  async decide(caller: ToolCaller, tool: OfferedTool, args: unknown): Promise<ToolDecision> {
    return decisionIn(await this.stateOf(caller), tool, args);
  }

  async stateOf({ workspaceId, userId }: ToolCaller): Promise<AccessState> {
    const role = await this.memberships.currentRole(userId, workspaceId);
    const grants = await this.grants.concerning(workspaceId, userId);
    const off = await this.switches.off(workspaceId);
    return { userId, role, grants, off };
  }
}

export const decisionIn = ({ off, ...state }: AccessState, tool: OfferedTool, args: unknown): ToolDecision =>
  toolDecision({ ...state, tool, isEnabled: !off.has(tool.name), arguments: args });
