import { Choice, Flag, Id, Int, JsonObject, Nested, Text, Time } from '../../platform/http/fields.js';
import { AUDIT_OUTCOMES } from './audit-entry.js';
import type { ListedEntry } from './audit.repository.js';

const POSITION = { description: 'Its place in the chain; null until it is sealed, within a second.', example: 42 };
const FAULTS = ['changed', 'missing', 'reordered', 'inserted', 'head'] as const;

export class AuditEntryDto {
  @Id({ description: 'The entry.' })
  readonly id!: string;

  @Time({ description: 'When it happened.' })
  readonly at!: string;

  @Id({ description: 'Who did it; null when that is not proven.', nullable: true })
  readonly actorId!: string | null;

  @Text({ description: 'What was done, as room and act.', example: 'member.added', max: 200 })
  readonly action!: string;

  @Text({ description: 'To what, as kind and id.', example: 'user:019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b', max: 1_000 })
  readonly subject!: string;

  @Choice(AUDIT_OUTCOMES, { description: 'How it ended.', example: 'ok' })
  readonly outcome!: string;

  @JsonObject({ description: 'Facts about it.', nullable: true, example: { role: 'editor' } })
  readonly detail!: Readonly<Record<string, unknown>> | null;

  @Text({ description: 'Of the request it happened in; null outside of one.', nullable: true, max: 32 })
  readonly traceId!: string | null;

  @Int({ ...POSITION, nullable: true })
  readonly position!: number | null;
}

export class AuditBreakDto {
  @Int({ ...POSITION, nullable: true })
  readonly position!: number | null;

  @Id({ description: 'The entry that is found there; null when it is missing.', nullable: true })
  readonly id!: string | null;

  @Choice(FAULTS, { description: 'What is wrong there.', example: 'changed' })
  readonly fault!: string;
}

export class AuditVerificationDto {
  @Flag({ description: 'Whether every entry is as it was written, none is missing and none was added.', example: true })
  readonly valid!: boolean;

  @Int({ description: 'Sealed entries that are proven.', example: 1_024 })
  readonly checked!: number;

  @Int({ description: 'Entries that wait for their place.', example: 0 })
  readonly unsealed!: number;

  @Nested(() => AuditBreakDto, { description: 'The first place where something is wrong.', optional: true })
  readonly brokenAt?: AuditBreakDto;
}

export const toAuditEntryDto = (entry: ListedEntry): AuditEntryDto => ({
  id: entry.id,
  at: new Date(entry.at).toISOString(),
  actorId: entry.actorId,
  action: entry.action,
  subject: entry.subject,
  outcome: entry.outcome,
  detail: entry.detail === null ? null : (JSON.parse(entry.detail) as Readonly<Record<string, unknown>>),
  traceId: entry.traceId,
  position: entry.position,
});
