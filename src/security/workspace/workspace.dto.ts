import { Choice, Email, Flag, Id, Text, Time } from '../../platform/http/fields.js';
import { ROLES, type Role } from '../../platform/http/principal.js';
import { REDACTION_MODES, type RedactionMode } from '../redaction/redaction-mode.js';
import type { Member } from './member.repository.js';
import type { MemberWorkspace } from './workspace.repository.js';

const NAME = { description: 'How the workspace is called.', example: 'Research', min: 1, max: 200 };
const ROLE = { description: 'Each role includes those before it: viewer, editor, admin, owner.', example: 'editor' };
const EMAIL = { description: 'The address the user registered with.', example: 'ada@example.com' };

const REDACTION = {
  description:
    'What becomes of personal data and secrets in messages, answers and runs: nothing, they are masked, or the content is refused. Logs are always masked.',
  example: 'mask',
};

export class CreateWorkspaceDto {
  @Text(NAME)
  readonly name!: string;
}

export class UpdateWorkspaceDto {
  @Text({ ...NAME, optional: true })
  readonly name?: string;

  @Choice(REDACTION_MODES, { ...REDACTION, optional: true })
  readonly redaction?: RedactionMode;
}

export class WorkspaceDto {
  @Id({ description: 'The workspace, to be sent as X-Workspace-Id.' })
  readonly id!: string;

  @Text(NAME)
  readonly name!: string;

  @Flag({ description: 'Whether it came with its user, in whose requests it is the default.', example: false })
  readonly isPersonal!: boolean;

  @Choice(ROLES, { description: 'Your role in it.', example: 'owner' })
  readonly role!: Role;

  @Choice(REDACTION_MODES, REDACTION)
  readonly redaction!: RedactionMode;

  @Time({ description: 'When it was made.' })
  readonly createdAt!: string;

  @Time({ description: 'When it was last changed.' })
  readonly updatedAt!: string;
}

export class AddMemberDto {
  @Email(EMAIL)
  readonly email!: string;

  @Choice(ROLES, ROLE)
  readonly role!: Role;
}

export class UpdateMemberDto {
  @Choice(ROLES, ROLE)
  readonly role!: Role;
}

export class MemberDto {
  @Id({ description: 'The user.' })
  readonly userId!: string;

  @Email(EMAIL)
  readonly email!: string;

  @Text({ description: 'How the user is called.', example: 'Ada Lovelace', max: 200, nullable: true })
  readonly name!: string | null;

  @Choice(ROLES, ROLE)
  readonly role!: Role;

  @Time({ description: 'When the user became a member.' })
  readonly createdAt!: string;
}

export const toWorkspaceDto = ({ createdAt, updatedAt, ...workspace }: MemberWorkspace): WorkspaceDto => ({
  ...workspace,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});

export const toMemberDto = ({ userId, email, name, role, createdAt }: Member): MemberDto => ({
  userId,
  email,
  name,
  role,
  createdAt: createdAt.toISOString(),
});
