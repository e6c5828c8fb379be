import { Choice, Id, Int, Nested, Text, Time } from '../../platform/http/fields.js';
import { pageOf } from '../../platform/http/page.js';
import { ROLES, type Role } from '../../platform/http/principal.js';
import { GRANT_LEVELS, type GrantLevel } from './grant.js';
import type { StoredGrant } from './grant.repository.js';

const MAX_CALLS = 1_000_000;

export class QuotaDto {
  @Int({ description: 'Most calls of one user an hour.', min: 1, max: MAX_CALLS, optional: true, example: 20 })
  readonly perHour?: number;

  @Int({ description: 'Most calls of one user a day.', min: 1, max: MAX_CALLS, optional: true, example: 100 })
  readonly perDay?: number;
}

const LEVEL = {
  description:
    '`none` denies; `read` lets tools be called that only read; `execute` all; `admin` also those of high risk without asking anybody.',
  example: 'execute',
};
const EXPIRES_AT = { description: 'When it ends to count. Null: never.', nullable: true };
const QUOTA = {
  description: 'How often its tools can be called, each user counted alone. Null: no limit.',
  nullable: true,
};

const TOOL = { description: 'The tool, by name.', max: 64, example: 'calculator' };
const PATTERN = { description: 'Tools by the beginning of their names.', max: 64, example: 'crm__*' };
const SUBJECT_ROLE = { description: 'Members of this role and above.', example: 'editor' };

export class CreateGrantDto {
  @Id({ description: 'A member of the workspace. This or `role`.', optional: true })
  readonly userId?: string;

  @Choice(ROLES, { ...SUBJECT_ROLE, description: `${SUBJECT_ROLE.description} This or \`userId\`.`, optional: true })
  readonly role?: Role;

  @Text({ ...TOOL, description: 'The tool, by name. This, `pattern` or `serverId`.', min: 1, optional: true })
  readonly tool?: string;

  @Text({
    ...PATTERN,
    min: 1,
    pattern: /^[A-Za-z0-9_-]{0,63}\*$/,
    patternHint: 'must be the beginning of a name, then one "*"',
    optional: true,
  })
  readonly pattern?: string;

  @Id({ description: 'Every tool of this MCP server.', optional: true })
  readonly serverId?: string;

  @Choice(GRANT_LEVELS, LEVEL)
  readonly level!: GrantLevel;

  @Time({ ...EXPIRES_AT, optional: true })
  readonly expiresAt?: string | null;

  @Nested(() => QuotaDto, { ...QUOTA, optional: true })
  readonly quota?: QuotaDto | null;
}

export class UpdateGrantDto {
  @Choice(GRANT_LEVELS, { ...LEVEL, optional: true })
  readonly level?: GrantLevel;

  @Time({ ...EXPIRES_AT, optional: true })
  readonly expiresAt?: string | null;

  @Nested(() => QuotaDto, { ...QUOTA, optional: true })
  readonly quota?: QuotaDto | null;
}

export class GrantDto {
  @Id({ description: 'The grant.' })
  readonly id!: string;

  @Id({ description: 'The member it is for.', optional: true })
  readonly userId?: string;

  @Choice(ROLES, { ...SUBJECT_ROLE, optional: true })
  readonly role?: Role;

  @Text({ ...TOOL, optional: true })
  readonly tool?: string;

  @Text({ ...PATTERN, optional: true })
  readonly pattern?: string;

  @Id({ description: 'Every tool of this MCP server.', optional: true })
  readonly serverId?: string;

  @Choice(GRANT_LEVELS, LEVEL)
  readonly level!: GrantLevel;

  @Time(EXPIRES_AT)
  readonly expiresAt!: string | null;

  @Nested(() => QuotaDto, QUOTA)
  readonly quota!: QuotaDto | null;

  @Id({ description: 'Who gave it.' })
  readonly createdBy!: string;

  @Time({ description: 'When it was given.' })
  readonly createdAt!: string;

  @Time({ description: 'When it was changed last.' })
  readonly updatedAt!: string;
}

export class GrantPageDto extends pageOf(GrantDto) {}

/** The public form of a grant. */
export const toGrantDto = (grant: StoredGrant): GrantDto => ({
  id: grant.id,
  userId: grant.userId ?? undefined,
  role: grant.role ?? undefined,
  tool: grant.tool ?? undefined,
  pattern: grant.pattern ?? undefined,
  serverId: grant.serverId ?? undefined,
  level: grant.level,
  expiresAt: grant.expiresAt?.toISOString() ?? null,
  quota:
    grant.quota.perHour === null && grant.quota.perDay === null
      ? null
      : { perHour: grant.quota.perHour ?? undefined, perDay: grant.quota.perDay ?? undefined },
  createdBy: grant.createdBy,
  createdAt: grant.createdAt.toISOString(),
  updatedAt: grant.updatedAt.toISOString(),
});
