import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { PUBLIC, REQUIRED_ACCESS, type RequiredAccess } from '../../platform/http/access.js';
import type { AuthenticatedRequest } from '../../platform/http/principal.js';
import { forbidden } from '../../platform/problem/http.errors.js';
import { atLeast } from './role.js';
import { permits } from './scope.js';

/** Holds the caller's role and key scopes against `@Access` of the route. A route that names no access is denied. */
@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets)) return true;
    const required = this.reflector.getAllAndOverride<RequiredAccess | undefined>(REQUIRED_ACCESS, targets);
    const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (!required || !principal) throw forbidden('Nobody is permitted to do this.');
    if (!atLeast(principal.role, required.role)) {
      throw forbidden(
        `This takes the role ${required.role} in the workspace; yours is ${principal.role}. Ask an admin of the workspace.`,
      );
    }
    if (!permits(principal.scopes, required.scope)) {
      throw forbidden(`The API key lacks the scope ${required.scope}. Make a key that has it.`);
    }
    return true;
  }
}
