import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

export const ROLES = ['viewer', 'editor', 'admin', 'owner'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls, and in which workspace: set by the global guard, the first argument of every service method. */
export interface Principal {
  readonly userId: string;
  readonly workspaceId: string;
  readonly role: Role;
  readonly isSystemAdmin: boolean;
  /** The refresh family of an access token; undefined for an API key. */
  readonly sessionId?: string;
  /** The user's session version that the session was opened under. */
  readonly sessionVersion?: number;
  readonly apiKeyId?: string;
  /** Scopes of an API key; undefined means all rights of the user. */
  readonly scopes?: readonly string[];
}

export interface AuthenticatedRequest extends Request {
  principal?: Principal;
}

/** The caller of a route that is not public. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (!principal) throw new Error('@Caller() on a public route.');
  return principal;
});
