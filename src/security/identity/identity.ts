import type { AuthenticatedRequest, Principal } from '../../platform/http/principal.js';

/** Who calls, before it is known in which workspace. */
export interface Identity extends Omit<Principal, 'workspaceId' | 'role'> {
  readonly personalWorkspaceId: string;
}

export interface IdentifiedRequest extends AuthenticatedRequest {
  identity?: Identity;
}
