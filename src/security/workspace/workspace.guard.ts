import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { isId } from '../../platform/clock/id.js';
import { notFound } from '../../platform/problem/http.errors.js';
import type { IdentifiedRequest } from '../identity/identity.js';
import { Memberships } from './memberships.js';

/**
 * Finds the workspace a request acts in, X-Workspace-Id or else the caller's personal one, and the caller's role there:
 * the request's principal is complete. No right of the system admin reaches into a workspace without membership.
 */
@Injectable()
export class WorkspaceGuard implements CanActivate {
  constructor(private readonly memberships: Memberships) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<IdentifiedRequest>();
    const { identity } = request;
    if (!identity) return true;
    const { personalWorkspaceId, ...caller } = identity;
    const asked = request.headers['x-workspace-id'] ?? personalWorkspaceId;
    if (!isId(asked)) throw noWorkspace();
    const workspaceId = asked.toLowerCase();
    const role = await this.memberships.roleOf(caller.userId, workspaceId);
    if (!role) throw noWorkspace();
    request.principal = { ...caller, workspaceId, role };
    return true;
  }
}

const noWorkspace = () =>
  notFound(
    'X-Workspace-Id names no workspace of yours. GET /api/v1/workspaces lists them; without the header your personal one is used.',
  );
