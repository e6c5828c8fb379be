import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { AuthenticatedRequest } from '../platform/http/principal.js';
import { forbidden } from '../platform/problem/http.errors.js';
import { AuditLog } from '../security/audit/audit.log.js';
import { ToolAccess } from './access/tool-access.js';
import { ToolCatalogue } from './tool-catalogue.js';
import { toolDenied, toolDisabled, toolUnknown } from './tool.errors.js';

export const REQUIRED_TOOL = 'access:tool';

/** A tool by name, or the path's parameter that names it. */
export type RequiredTool = string | { readonly param: string };

/** Holds the caller's right to a tool against what the route requires (`@RequiresTool`). */
@Injectable()
export class ToolPermissionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly catalogue: ToolCatalogue,
    private readonly access: ToolAccess,
    private readonly audit: AuditLog,
  ) {}

  /** @throws Problem tool-unknown, tool-denied, tool-disabled */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const required = this.reflector.get<RequiredTool | undefined>(REQUIRED_TOOL, context.getHandler());
    const { principal, params } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (required === undefined || !principal) throw forbidden('Nobody is permitted to do this.');
    const name = typeof required === 'string' ? required : String(params[required.param] ?? '');
    const tool = await this.catalogue.find(principal.workspaceId, name);
    if (!tool) throw toolUnknown('There is no tool of this name here. GET /api/v1/tools lists those there are.');
    const { allowed, refusal, reason } = await this.access.decide(principal, tool, {});
    if (allowed) return true;
    const problem = (refusal === 'disabled' ? toolDisabled : toolDenied)(reason);
    const { workspaceId, userId: actorId } = principal;
    const act = { workspaceId, actorId, action: 'tool.denied' as const, subject: `tool:${tool.name}` as const };
    await this.audit.record({ ...act, outcome: 'denied', detail: { problem: problem.type.slug, reason } });
    throw problem;
  }
}
