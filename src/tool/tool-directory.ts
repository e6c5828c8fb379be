import { Injectable } from '@nestjs/common';
import { decodeCursor, toPage, type PageQuery } from '../platform/http/page.js';
import type { Principal } from '../platform/http/principal.js';
import { forbidden, validationFailed } from '../platform/problem/http.errors.js';
import { Problem } from '../platform/problem/problem.js';
import { atLeast } from '../security/permission/role.js';
import { Memberships } from '../security/workspace/memberships.js';
import { QuotaRepository } from './access/quota.repository.js';
import { decisionIn, ToolAccess } from './access/tool-access.js';
import type { ToolDecision } from './access/tool-decision.js';
import { ToolSwitches } from './access/tool-switches.js';
import { ToolCatalogue } from './tool-catalogue.js';
import { toToolDto, type AccessCheckDto, type AccessDto, type ToolDto, type ToolPageDto } from './tool.dto.js';
import type { OfferedTool } from './tool-source.js';
import { toolUnknown } from './tool.errors.js';

/** What people are told of tools: which there are, and whether they, or others, may call them. */
@Injectable()
export class ToolDirectory {
  constructor(
    private readonly catalogue: ToolCatalogue,
    private readonly access: ToolAccess,
    private readonly switches: ToolSwitches,
    private readonly quotas: QuotaRepository,
    private readonly memberships: Memberships,
  ) {}

  /** By name. */
  async list(caller: Principal, { limit, cursor }: PageQuery): Promise<ToolPageDto> {
    const [after = ''] = cursor === undefined ? [] : decodeCursor(cursor, ['text']);
    const tools = (await this.catalogue.all(caller.workspaceId)).filter(({ name }) => name > after);
    const rows = tools.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit + 1);
    const state = await this.access.stateOf(caller);
    return toPage(
      rows,
      limit,
      ({ name }) => [name],
      (tool) => toToolDto(tool, decisionIn(state, tool, {}), !state.off.has(tool.name)),
    );
  }

  /** @throws Problem tool-unknown */
  async get(caller: Principal, name: string): Promise<ToolDto> {
    const tool = await this.found(caller, name);
    const state = await this.access.stateOf(caller);
    return toToolDto(tool, decisionIn(state, tool, {}), !state.off.has(tool.name));
  }

  /** @throws Problem tool-unknown */
  async switch(caller: Principal, name: string, enabled: boolean): Promise<ToolDto> {
    await this.switches.set(caller, (await this.found(caller, name)).name, enabled);
    return this.get(caller, name);
  }

  /** Whether a call would be let through; nothing is counted. @throws Problem tool-unknown, forbidden, validation-failed */
  async check(caller: Principal, { tool: name, userId, arguments: args }: AccessCheckDto): Promise<AccessDto> {
    const subject = { workspaceId: caller.workspaceId, userId: userId ?? caller.userId };
    if (subject.userId !== caller.userId) await this.permitAsking(caller, subject.userId);
    const tool = await this.found(caller, name);
    const decision = await this.access.decide(subject, tool, args ?? {});
    const fault = decision.allowed ? await this.faultOf(tool, decision, subject.userId, args) : undefined;
    const { allowed, reason, risk, needsApproval } = decision;
    return { allowed: allowed && fault === undefined, reason: fault ?? reason, risk, needsApproval };
  }

  private async permitAsking({ role, workspaceId }: Principal, userId: string): Promise<void> {
    if (!atLeast(role, 'admin'))
      throw forbidden(`Only an admin asks what others may do; your role in the workspace is ${role}.`);
    if ((await this.memberships.currentRole(userId, workspaceId)) === undefined)
      throw validationFailed([{ pointer: '/userId', detail: 'is not a member of this workspace' }]);
  }

  /** What stands in the way of a call that is permitted. */
  private async faultOf(
    tool: OfferedTool,
    { grant }: ToolDecision,
    userId: string,
    args: unknown,
  ): Promise<string | undefined> {
    const usedUp = grant && (await this.quotas.peek(grant, userId));
    if (usedUp) return `The grant's quota of this ${usedUp.window} is used up; wait ${usedUp.retryAfterSeconds} s.`;
    if (args === undefined) return undefined;
    try {
      await tool.parse(args);
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error.detail;
      throw error;
    }
  }

  private async found({ workspaceId }: Principal, name: string): Promise<OfferedTool> {
    const tool = await this.catalogue.find(workspaceId, name);
    if (!tool) throw toolUnknown(`There is no tool of this name here. GET /api/v1/tools lists those there are.`);
    return tool;
  }
}
