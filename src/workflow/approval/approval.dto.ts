import { Choice, Id, JsonObject, Text, TextList, Time } from '../../platform/http/fields.js';
import { pageOf, PageQuery } from '../../platform/http/page.js';
import { APPROVAL_STATUSES, type Approval, type ApprovalStatus } from './approval.repository.js';

export class ApprovalDto {
  @Id({ description: 'The approval.' })
  readonly id!: string;

  @Id({ description: 'The run that waits for it.' })
  readonly runId!: string;

  @TextList({ description: 'The node that asks.', maxItems: 32, maxLength: 64, example: ['publish'] })
  readonly path!: readonly string[];

  @Choice(['tool', 'node'], { description: 'What asks: a tool call, or an approval node.', example: 'node' })
  readonly kind!: string;

  @Text({ description: 'What is to be decided.', max: 500, example: 'Publish the article?' })
  readonly title!: string;

  @Text({ description: 'What there is to know about it.', max: 20_000, optional: true })
  readonly detail?: string;

  @Text({ description: 'The tool.', max: 200, optional: true })
  readonly tool?: string;

  @JsonObject({ description: 'What the tool would be called with.', optional: true })
  readonly arguments?: Readonly<Record<string, unknown>>;

  @Text({ description: 'How risky the call is.', max: 16, optional: true })
  readonly risk?: string;

  @Choice(APPROVAL_STATUSES, { description: 'Where it stands.', example: 'pending' })
  readonly status!: string;

  @Time({ description: 'Until when it can be decided.' })
  readonly expiresAt!: string;

  @Id({ description: 'Who decided.', optional: true })
  readonly decidedBy?: string;

  @Time({ description: 'When it was decided.', optional: true })
  readonly decidedAt?: string;

  @Text({ description: 'Why.', max: 2_000, optional: true })
  readonly reason?: string;

  @Time({ description: 'When it was asked for.' })
  readonly createdAt!: string;
}

export class ApprovalPageDto extends pageOf(ApprovalDto) {}

export class ApprovalQuery extends PageQuery {
  @Choice(APPROVAL_STATUSES, { description: 'Only those that stand so.', optional: true, example: 'pending' })
  readonly status?: ApprovalStatus;

  @Id({ description: 'Only those of this run.', optional: true })
  readonly runId?: string;
}

export class ApprovalDecisionDto {
  @Choice(['approve', 'deny', 'edit'], {
    description: 'Yes, no, or yes with other arguments (of a tool call).',
    example: 'approve',
  })
  readonly decision!: 'approve' | 'deny' | 'edit';

  @JsonObject({ description: 'The arguments to call the tool with instead, for `edit`.', optional: true })
  readonly arguments?: Readonly<Record<string, unknown>>;

  @Text({ description: 'Why.', max: 2_000, optional: true, example: 'Checked with legal.' })
  readonly reason?: string;
}

/** The public form of an approval. */
export const toApprovalDto = (approval: Approval): ApprovalDto => ({
  id: approval.id,
  runId: approval.runId,
  path: approval.path,
  kind: approval.kind,
  title: approval.title,
  detail: approval.detail ?? undefined,
  tool: approval.tool ?? undefined,
  arguments: approval.editedArguments ?? approval.arguments ?? undefined,
  risk: approval.risk ?? undefined,
  status: approval.status,
  expiresAt: approval.expiresAt.toISOString(),
  decidedBy: approval.decidedBy ?? undefined,
  decidedAt: approval.decidedAt?.toISOString(),
  reason: approval.reason ?? undefined,
  createdAt: approval.createdAt.toISOString(),
});
