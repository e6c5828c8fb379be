import type { Role } from '../../platform/http/principal.js';
import { atLeast } from '../permission/role.js';

/** A change to one membership, before it is made. */
export interface MemberChange {
  /** Role of who makes the change. */
  readonly by: Role;
  /** Whether they change their own membership. */
  readonly isSelf: boolean;
  /** Absent when the member is new. */
  readonly from?: Role;
  /** Absent when the member leaves. */
  readonly to?: Role;
  /** Owners of the workspace now. */
  readonly owners: number;
  /** Whether the member is the person whose personal workspace this is. */
  readonly isTheirPersonal: boolean;
}

export type MemberVerdict = 'allowed' | 'needsAdmin' | 'needsOwner' | 'lastOwner' | 'personalOwner';

/**
 * Anybody may leave; admins add, change and remove members; only owners make owners or change them. A workspace keeps
 * an owner, and a personal one the person it was made for.
 */
export function judgeMemberChange({ by, isSelf, from, to, owners, isTheirPersonal }: MemberChange): MemberVerdict {
  const leaves = isSelf && to === undefined;
  if (!leaves && !atLeast(by, 'admin')) return 'needsAdmin';
  if ((from === 'owner' || to === 'owner') && by !== 'owner') return 'needsOwner';
  const losesOwner = from === 'owner' && to !== 'owner';
  if (losesOwner && isTheirPersonal) return 'personalOwner';
  if (losesOwner && owners <= 1) return 'lastOwner';
  return 'allowed';
}
