import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { decodeCursor, toPage, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal, Role } from '../../platform/http/principal.js';
import { forbidden, notFound, validationFailed } from '../../platform/problem/http.errors.js';
import type { Problem } from '../../platform/problem/problem.js';
import { AuditLog } from '../audit/audit.log.js';
import { emailKey } from '../identity/email-key.js';
import { judgeMemberChange, type MemberVerdict } from './member-policy.js';
import { MemberRepository, type Member } from './member.repository.js';
import { Memberships } from './memberships.js';
import { toMemberDto, type AddMemberDto, type MemberDto } from './workspace.dto.js';
import { lastOwner } from './workspace.errors.js';
import { noSuchWorkspace } from './workspace.service.js';

/** The members of a workspace named in the path, for one of them. Personal workspaces take members like any other. */
@Injectable()
export class MemberService {
  constructor(
    private readonly repository: MemberRepository,
    private readonly memberships: Memberships,
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** @throws Problem not-found */
  async list(caller: Principal, workspaceId: string, { limit, cursor }: PageQuery): Promise<Page<MemberDto>> {
    await this.roleOf(caller, workspaceId);
    const [after = null] = cursor === undefined ? [] : decodeCursor(cursor, ['id']);
    const rows = await this.repository.list(workspaceId, after, limit + 1);
    return toPage(rows, limit, ({ userId }) => [userId], toMemberDto);
  }

  /** @throws Problem not-found */
  async get(caller: Principal, workspaceId: string, userId: string): Promise<MemberDto> {
    await this.roleOf(caller, workspaceId);
    return toMemberDto(await this.member(workspaceId, userId));
  }

  /** @throws Problem not-found, forbidden, validation-failed, already-member */
  add(caller: Principal, workspaceId: string, { email, role }: AddMemberDto): Promise<MemberDto> {
    return this.change(caller, workspaceId, async (by, owners) => {
      permit(judgeMemberChange({ by, owners, to: role, isSelf: false, isTheirPersonal: false }));
      const userId = await this.repository.userIdOf(emailKey(email));
      if (userId === undefined) throw unknownEmail(email);
      await this.repository.add(workspaceId, userId, role);
      await this.note(caller, workspaceId, 'added', userId, { role });
      return this.changed(workspaceId, userId);
    });
  }

  /** @throws Problem not-found, forbidden, last-owner */
  update(caller: Principal, workspaceId: string, userId: string, role: Role): Promise<MemberDto> {
    return this.change(caller, workspaceId, async (by, owners) => {
      const member = await this.member(workspaceId, userId);
      permit(judgeMemberChange({ ...factsOf(caller, member), by, owners, to: role }));
      await this.repository.changeRole(workspaceId, userId, role);
      await this.note(caller, workspaceId, 'changed', userId, { from: member.role, to: role });
      return this.changed(workspaceId, userId);
    });
  }

  /** Leaving is removing oneself. @throws Problem not-found, forbidden, last-owner */
  remove(caller: Principal, workspaceId: string, userId: string): Promise<void> {
    return this.change(caller, workspaceId, async (by, owners) => {
      const member = await this.member(workspaceId, userId);
      permit(judgeMemberChange({ ...factsOf(caller, member), by, owners }));
      await this.repository.remove(workspaceId, userId);
      await this.note(caller, workspaceId, 'removed', userId, { role: member.role });
      this.memberships.changed(userId, workspaceId);
    });
  }

  /** One change of a workspace's members at a time, judged by the roles of that moment. */
  private change<Result>(
    caller: Principal,
    workspaceId: string,
    work: (by: Role, owners: number) => Promise<Result>,
  ): Promise<Result> {
    return this.database.transaction(async () => {
      const owners = await this.repository.lockOwners(workspaceId);
      return work(await this.roleOf(caller, workspaceId), owners);
    });
  }

  private note(
    { userId: actorId }: Principal,
    workspaceId: string,
    act: 'added' | 'changed' | 'removed',
    userId: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const subject = `user:${userId}` as const;
    return this.audit.record({ workspaceId, actorId, action: `member.${act}`, subject, outcome: 'ok', detail });
  }

  private async changed(workspaceId: string, userId: string): Promise<MemberDto> {
    this.memberships.changed(userId, workspaceId);
    return toMemberDto(await this.member(workspaceId, userId));
  }

  private async roleOf(caller: Principal, workspaceId: string): Promise<Role> {
    const role = await this.memberships.currentRole(caller.userId, workspaceId);
    if (!role) throw noSuchWorkspace();
    return role;
  }

  private async member(workspaceId: string, userId: string): Promise<Member> {
    const member = await this.repository.find(workspaceId, userId);
    if (!member) throw notFound('The workspace has no member with this id; GET its members to list them.');
    return member;
  }
}

const factsOf = (caller: Principal, { userId, role, isTheirPersonal }: Member) => ({
  isSelf: caller.userId === userId,
  from: role,
  isTheirPersonal,
});

const REFUSALS: Readonly<Record<Exclude<MemberVerdict, 'allowed'>, () => Problem>> = {
  needsAdmin: () => forbidden('This takes the role admin in the workspace. Ask one of its admins.'),
  needsOwner: () => forbidden('Only an owner of the workspace makes or changes an owner. Ask one of them.'),
  lastOwner: () => lastOwner('This is the last owner of the workspace. Make another member owner first.'),
  personalOwner: () => lastOwner('A personal workspace keeps the person it was made for as owner.'),
};

function permit(verdict: MemberVerdict): void {
  if (verdict !== 'allowed') throw REFUSALS[verdict]();
}

const unknownEmail = (email: string) =>
  validationFailed([
    {
      pointer: '/email',
      detail: `nobody is registered as ${email}; ask them to register first (POST /api/v1/auth/register)`,
    },
  ]);
