import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiAuthenticated, ApiInputProblems } from './api-problems.js';
import type { Role } from './principal.js';

export const PUBLIC = 'access:public';
export const REQUIRED_ACCESS = 'access:required';

export interface RequiredAccess {
  /** Least role in the workspace. */
  readonly role: Role;
  /** What an API key with scopes must carry, `<resource>:<read|write>`. */
  readonly scope: string;
}

/** A route without authentication. The list of them is pinned in a test. */
export const Public = () => applyDecorators(SetMetadata(PUBLIC, true), ApiInputProblems());

/** The least role and the API-key scope of a route. Every route that is not public carries one; the guard denies otherwise. */
export const Access = (role: Role, scope: string) =>
  applyDecorators(SetMetadata(REQUIRED_ACCESS, { role, scope } satisfies RequiredAccess), ApiAuthenticated());
