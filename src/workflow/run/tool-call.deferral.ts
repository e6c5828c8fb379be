import { Injectable } from '@nestjs/common';
import type { Principal } from '../../platform/http/principal.js';
import { CallDeferral, type DeferrableCall, type DeferredCall, type DeferredCalls } from '../../tool/call-deferral.js';
import { Definition } from '../definition/definition.js';
import { RunService } from './run.service.js';
import { waitsForPerson } from './settled.js';
import { WorkflowExecutionService } from './workflow-execution.service.js';

/** Makes a call that must wait for a person the one step of a run, which waits as every run does. */
@Injectable()
@CallDeferral()
export class ToolCallRuns implements DeferredCalls {
  constructor(
    private readonly execution: WorkflowExecutionService,
    private readonly runs: RunService,
  ) {}

  async defer(caller: Principal, { tool, arguments: args }: DeferrableCall): Promise<DeferredCall> {
    const { run, events } = await this.execution.start(caller, {
      kind: 'workflow',
      workflow: {},
      definition: callOf(tool),
      input: { arguments: args },
    });
    await waitsForPerson(events, () => this.isWaiting(caller, run.id));
    return this.find(caller, run.id);
  }

  async find(caller: Principal, runId: string): Promise<DeferredCall> {
    const run = await this.execution.get(caller, runId);
    const [approval] = await this.runs.pendingApprovals(run.id);
    return { callId: `${STEP}:1`, runId: run.id, ...(approval && { approval: { ...approval } }) };
  }

  private async isWaiting(caller: Principal, id: string): Promise<boolean> {
    return (await this.execution.get(caller, id)).status === 'waiting';
  }
}

const STEP = 'call';

/** The arguments are the run's input: as text of the definition they could hold references. */
const callOf = (tool: string): Definition =>
  Definition.parse({
    kind: 'graph',
    nodes: [{ id: STEP, type: 'tool', config: { tool, arguments: '{{input.arguments}}' } }],
    edges: [],
  });
