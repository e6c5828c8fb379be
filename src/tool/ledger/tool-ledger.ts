import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Problem } from '../../platform/problem/problem.js';
import { contentHash } from '../../platform/schema/canonical-json.js';
import { AuditLog } from '../../security/audit/audit.log.js';
import type { OfferedTool } from '../tool-source.js';
import type { ToolInvocation } from '../tool-invocation.js';
import type { ToolRisk } from '../tool.js';
import type { CallEnd, ToolCallRecord } from './tool-call.js';
import { ToolCallRepository } from './tool-call.repository.js';

/**
 * What was called, and what came of it: each step is committed before the next is taken, whatever transaction goes on
 * around the call, and with it what the audit log says of it.
 */
@Injectable()
export class ToolLedger {
  constructor(
    private readonly calls: ToolCallRepository,
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** This very call, when it was made before. */
  find({ workspaceId, callId, claim }: ToolInvocation): Promise<ToolCallRecord | undefined> {
    return this.database.detached(() => this.calls.find(workspaceId, callId, claim?.runId));
  }

  /** Undefined when somebody else has planned the same call meanwhile. @throws ClaimLost */
  plan(invocation: ToolInvocation, tool: OfferedTool, risk: ToolRisk): Promise<ToolCallRecord | undefined> {
    const { workspaceId, userId, claim, callId, arguments: args } = invocation;
    const known = { askedHash: contentHash(args), idempotencyKey: contentHash([workspaceId, claim?.runId, callId]) };
    const call = { workspaceId, userId, claim, callId, tool: tool.name, arguments: args, effect: tool.effect, risk };
    return this.database.detached(() => this.calls.plan({ ...call, ...known }));
  }

  /** @throws ClaimLost */
  async awaitApproval({ id }: ToolCallRecord, { claim }: ToolInvocation): Promise<void> {
    await this.database.detached(() => this.calls.awaitApproval(id, claim));
  }

  /** The tool is called next. False when somebody else calls it, or has called it. @throws ClaimLost */
  dispatch(call: ToolCallRecord, args: unknown, invocation: ToolInvocation): Promise<boolean> {
    return this.committed(async () => {
      const isDispatched = await this.calls.dispatch(call, args, invocation.claim);
      if (isDispatched) await this.tell('tool.dispatched', call.tool, invocation, { risk: call.risk });
      return isDispatched;
    });
  }

  /** @throws ClaimLost */
  async end({ id }: ToolCallRecord, end: CallEnd, { claim }: ToolInvocation): Promise<void> {
    await this.database.detached(() => this.calls.end(id, end, claim));
  }

  /** The call is refused; there need not be one in the ledger yet. @throws ClaimLost */
  async refuse(
    invocation: ToolInvocation,
    tool: OfferedTool,
    problem: Problem,
    { known, risk }: { readonly known: ToolCallRecord | undefined; readonly risk: ToolRisk },
  ): Promise<void> {
    const call = known ?? (await this.plan(invocation, tool, risk));
    await this.committed(async () => {
      if (call) await this.calls.end(call.id, refusal(problem), invocation.claim);
      await this.tell('tool.denied', tool.name, invocation, { problem: problem.type.slug, reason: problem.detail });
    });
  }

  private tell(
    action: 'tool.dispatched' | 'tool.denied',
    tool: string,
    { workspaceId, userId: actorId, callId, claim }: ToolInvocation,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const outcome = action === 'tool.denied' ? 'denied' : 'ok';
    const known = { callId, runId: claim?.runId, ...detail };
    return this.audit.record({ workspaceId, actorId, action, subject: `tool:${tool}`, outcome, detail: known });
  }

  private committed<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.database.detached(() => this.database.transaction(work));
  }
}

const refusal = (problem: Problem): CallEnd => ({ status: 'denied', problem: problem.record(), durationMs: 0 });
