import { Injectable } from '@nestjs/common';
import type { ProblemBody } from '../../platform/problem/problem.js';
import { ToolCallRepository } from '../../tool/ledger/tool-call.repository.js';
import { ApprovalRepository } from '../approval/approval.repository.js';
import { runCancelled } from '../workflow.errors.js';
import type { ActiveRun } from './active-run.js';
import { RunClaims } from './run-claims.js';
import type { Run } from './run.js';

/** What goes on around a run and ends with it. */
@Injectable()
export class RunCompany {
  constructor(
    private readonly claims: RunClaims,
    private readonly approvals: ApprovalRepository,
    private readonly calls: ToolCallRepository,
  ) {}

  /** Children that did not get to their end, approvals that nobody needs any more, and tool calls that nobody comes back to. */
  async end(
    { id, status }: Run,
    { hasCompany, hasCalledTools }: ActiveRun,
    problem: ProblemBody | null,
  ): Promise<void> {
    if (hasCompany) {
      await this.claims.endChildren(id, status === 'timedOut' ? 'timedOut' : 'cancelled', problem);
      await this.approvals.cancelOf(id);
    }
    if (hasCalledTools) await this.calls.endOpenOf(id, problem ?? UNWANTED);
  }
}

const UNWANTED = runCancelled('Nothing waits for its result any more.').record();
