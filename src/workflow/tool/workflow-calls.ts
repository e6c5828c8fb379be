import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { isDatabaseUnavailable } from '../../platform/database/fault.js';
import { Lifecycle } from '../../platform/health/lifecycle.js';
import type { Principal } from '../../platform/http/principal.js';
import { withoutRequest } from '../../platform/http/request-context.js';
import { ClaimLost } from '../../tool/ledger/tool-call.js';
import type { ToolContext } from '../../tool/tool.js';
import { HandedOver } from '../run/active-run.js';
import type { LoggedEvent } from '../run/run-event.js';
import type { Run } from '../run/run.js';
import { waitsForPerson } from '../run/settled.js';
import { WorkflowExecutionService } from '../run/workflow-execution.service.js';
import { WorkflowResolver } from '../workflow-resolver.js';
import { workflowCallFailed, workflowCallTooDeep, workflowCallWaits } from './workflow-tool.errors.js';
import { WorkflowToolRepository, type PublishedWorkflow } from './workflow-tool.repository.js';

/** Deepest chain of workflows that call each other as tools. */
const MAX_DEPTH = 5;

type Input = Readonly<Record<string, unknown>>;

/** Runs workflows for calls of tools: each call has one run of its own, of the same user, and waits for its end. */
@Injectable()
export class WorkflowCalls {
  constructor(
    private readonly calls: WorkflowToolRepository,
    private readonly workflows: WorkflowResolver,
    private readonly execution: WorkflowExecutionService,
    private readonly database: Database,
    private readonly lifecycle: Lifecycle,
  ) {}

  /**
   * The output of the call's run; a call that is repeated finds the run it has started. The run is no part of the request
   * or transaction that calls it, and is cancelled with the call, unless the call is to be repeated: by another process, or
   * once the database is back.
   * @throws Problem workflow-call-failed, workflow-call-waits, workflow-call-too-deep, or why it cannot be started
   */
  async call(workflow: PublishedWorkflow, input: Input, context: ToolContext): Promise<unknown> {
    const caller = callerOf(context);
    const { runId, events } = await withoutRequest(() =>
      this.database.detached(() => this.begun(caller, workflow, input, context)),
    );
    try {
      if (await waitsForPerson(events, () => this.isWaiting(caller, runId))) throw waits(workflow, runId);
      return outputOf(workflow, await this.execution.get(caller, runId));
    } catch (error) {
      const reason: unknown = context.signal.aborted ? context.signal.reason : error;
      if (!this.lifecycle.isDraining && !isRepeated(reason)) await this.cancelUnlessEnded(caller, runId);
      throw error;
    }
  }

  private async begun(
    caller: Principal,
    workflow: PublishedWorkflow,
    input: Input,
    context: ToolContext,
  ): Promise<Begun> {
    const { workspaceId, idempotencyKey: callKey, signal } = context;
    const earlier = await this.calls.runOfCall(workspaceId, callKey);
    if (earlier !== undefined)
      return { runId: earlier, events: await this.execution.follow(caller, earlier, 0, signal) };
    const depth = 1 + (context.runId === undefined ? 0 : await this.calls.depthOf(workspaceId, context.runId));
    if (depth > MAX_DEPTH) throw tooDeep(workflow);
    const { parameters: _, ...resolved } = await this.workflows.resolve(workspaceId, workflow.id, input);
    const { definition, ...reference } = resolved;
    const runId = newId();
    const request = { id: runId, kind: 'workflow' as const, workflow: reference, definition, input };
    const prepare = () => this.calls.record({ workspaceId, runId, callKey, depth });
    const { events } = await this.execution.start(caller, { ...request, prepare }, signal);
    return { runId, events };
  }

  private async isWaiting(caller: Principal, runId: string): Promise<boolean> {
    return (await this.execution.get(caller, runId)).status === 'waiting';
  }

  private async cancelUnlessEnded(caller: Principal, runId: string): Promise<void> {
    const { endedAt } = await this.execution.get(caller, runId);
    if (endedAt === null) await this.execution.cancel(caller, runId);
  }
}

/** Whether a call that ended so is made again. */
const isRepeated = (reason: unknown): boolean =>
  reason instanceof HandedOver || reason instanceof ClaimLost || isDatabaseUnavailable(reason);

interface Begun {
  readonly runId: string;
  readonly events: AsyncIterable<readonly LoggedEvent[]>;
}

/** What the run may do is decided anew at each of its own calls. */
const callerOf = ({ userId, workspaceId }: ToolContext): Principal => ({
  userId,
  workspaceId,
  role: 'viewer',
  isSystemAdmin: false,
});

function outputOf({ name }: PublishedWorkflow, { id, status, output, problem }: Run): unknown {
  if (status === 'succeeded') return output;
  const why = problem ? `: ${problem.detail}` : '.';
  throw workflowCallFailed(`The workflow "${name}" ended ${status} in run ${id}${why}`, {
    extensions: { runId: id, ...(problem && { problem }) },
  });
}

const waits = ({ name }: PublishedWorkflow, runId: string) =>
  workflowCallWaits(
    `The workflow "${name}" asks a person, for whom a tool call cannot wait. Run ${runId} was cancelled.`,
    {
      extensions: { runId },
    },
  );

const tooDeep = ({ name }: PublishedWorkflow) =>
  workflowCallTooDeep(
    `The workflow "${name}" was not called: ${MAX_DEPTH} workflows that call each other are the most.`,
  );
