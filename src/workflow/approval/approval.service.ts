import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { AuditLog } from '../../security/audit/audit.log.js';
import { ToolCatalogue } from '../../tool/tool-catalogue.js';
import { decodeCursor, toPage } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { notFound, validationFailed } from '../../platform/problem/http.errors.js';
import { RunExecutor } from '../run/run-executor.js';
import { RunRepository } from '../run/run.repository.js';
import { RunSweeper } from '../run/run-sweeper.js';
import {
  toApprovalDto,
  type ApprovalDecisionDto,
  type ApprovalDto,
  type ApprovalPageDto,
  type ApprovalQuery,
} from './approval.dto.js';
import { approvalDecided } from './approval.errors.js';
import { ApprovalRepository, type Approval } from './approval.repository.js';

/** What people decide while runs wait for them. */
@Injectable()
export class ApprovalService {
  constructor(
    private readonly database: Database,
    private readonly approvals: ApprovalRepository,
    private readonly runs: RunRepository,
    private readonly executor: RunExecutor,
    private readonly sweeper: RunSweeper,
    private readonly catalogue: ToolCatalogue,
    private readonly audit: AuditLog,
  ) {}

  async list(caller: Principal, { limit, cursor, ...filter }: ApprovalQuery): Promise<ApprovalPageDto> {
    const before = cursor === undefined ? undefined : decodeCursor(cursor, ['id'])[0];
    const rows = await this.approvals.list(caller.workspaceId, filter, before, limit + 1);
    return toPage(rows, limit, ({ id }) => [id], toApprovalDto);
  }

  /** @throws Problem not-found */
  async get(caller: Principal, id: string): Promise<ApprovalDto> {
    const found = await this.approvals.find(caller.workspaceId, id);
    if (!found) throw notFound(`There is no approval ${id} in this workspace.`);
    return toApprovalDto(found);
  }

  /**
   * Decides once, and lets the run go on.
   * @throws Problem not-found, approval-decided, validation-failed, tool-arguments-invalid
   */
  async decide(caller: Principal, id: string, request: ApprovalDecisionDto): Promise<ApprovalDto> {
    const { kind, runId, tool } = await this.pending(caller, id);
    checkDecision(request, kind);
    if (request.decision === 'edit') await this.checkEdited(caller, tool, request.arguments);
    const verdict = {
      approved: request.decision !== 'deny',
      by: caller.userId,
      reason: request.reason,
      arguments: request.arguments,
    };
    const decided = await this.database.transaction(async () => {
      // The run's row first, as a process that puts the run aside locks it: one of the two sees what the other did.
      await this.runs.lockRow(runId);
      const approval = await this.approvals.decide(caller.workspaceId, id, verdict);
      if (!approval) return undefined;
      await this.runs.wake(runId);
      await this.tell(caller, approval, request.decision);
      return approval;
    });
    if (!decided) throw notPending(await this.get(caller, id));
    this.database.afterCommit(() => {
      this.executor.wake(runId);
      this.sweeper.due(runId);
    });
    return toApprovalDto(decided);
  }

  /** The tool reads them again before it is called. @throws Problem validation-failed, tool-arguments-invalid */
  private async checkEdited({ workspaceId }: Principal, name: string | undefined, args: unknown): Promise<void> {
    const tool = name === undefined ? undefined : await this.catalogue.find(workspaceId, name);
    if (!tool)
      throw validationFailed([{ pointer: '/decision', detail: 'cannot be "edit": the tool is not there any more' }]);
    await tool.parse(args);
  }

  private tell({ workspaceId, userId }: Principal, { id, runId, kind, tool }: Approval, decision: string) {
    const act = {
      workspaceId,
      actorId: userId,
      action: 'approval.decided' as const,
      subject: `approval:${id}` as const,
    };
    const detail = { decision, runId, kind, ...(tool !== null && { tool }) };
    return this.audit.record({ ...act, outcome: decision === 'deny' ? 'denied' : 'ok', detail });
  }

  private async pending(caller: Principal, id: string): Promise<ApprovalDto> {
    const approval = await this.get(caller, id);
    if (approval.status !== 'pending') throw notPending(approval);
    return approval;
  }
}

const notPending = ({ id, status, expiresAt }: ApprovalDto) =>
  approvalDecided(
    status === 'pending'
      ? `Approval ${id} expired at ${expiresAt}.`
      : `Approval ${id} is ${status}; it cannot be decided again.`,
    { extensions: { approvalId: id, status: status === 'pending' ? 'expired' : status } },
  );

function checkDecision({ decision, arguments: edited }: ApprovalDecisionDto, kind: string): void {
  if (decision === 'edit' && kind !== 'tool')
    throw validationFailed([
      { pointer: '/decision', detail: 'can only be "edit" for a tool call; this is an approval node' },
    ]);
  if (decision === 'edit' && edited === undefined)
    throw validationFailed([{ pointer: '/arguments', detail: 'must be given with "edit"' }]);
  if (decision !== 'edit' && edited !== undefined)
    throw validationFailed([{ pointer: '/arguments', detail: 'are only for "edit"' }]);
}
