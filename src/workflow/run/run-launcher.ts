import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ClientGone } from '../../platform/http/client-gone.js';
import { StreamInterrupted, type EventStream } from '../../platform/http/event-stream.js';
import type { Principal } from '../../platform/http/principal.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { validationFailed } from '../../platform/problem/http.errors.js';
import { Definition } from '../definition/definition.js';
import { refuseLongMessage } from '../definition/input-message.js';
import { shuttingDown } from '../workflow.errors.js';
import { newId } from '../../platform/clock/id.js';
import { Webhooks } from '../webhook/webhook.service.js';
import { WorkflowValidator } from '../validation/workflow-validator.js';
import { WorkflowResolver } from '../workflow-resolver.js';
import { toRunDto } from './run.dto.js';
import type { RunReplyDto, RunRequestDto } from './run-request.dto.js';
import { RunService } from './run.service.js';
import { waitsForPerson } from './settled.js';
import type { StartedRun } from './run-request.js';
import { WorkflowExecutionService } from './workflow-execution.service.js';

const VALID_MS = 60_000;
const MAX_KNOWN = 1_000;

interface BegunRun extends StartedRun {
  readonly webhookSecret?: string;
}

/** Starts the runs that callers ask for by name or by definition, outside of any conversation. */
@Injectable()
export class RunLauncher {
  /** Until when definitions count as valid. */
  private readonly valid = new Map<string, number>();

  constructor(
    private readonly execution: WorkflowExecutionService,
    private readonly workflows: WorkflowResolver,
    private readonly runs: RunService,
    private readonly validator: WorkflowValidator,
    private readonly webhooks: Webhooks,
  ) {}

  /** The run as an event stream. A failure before the first event is thrown as its problem. */
  async stream(caller: Principal, request: RunRequestDto): Promise<EventStream> {
    const leave = new AbortController();
    if (request.webhook && request.webhook.secret === undefined)
      throw validationFailed([
        {
          pointer: '/webhook/secret',
          detail: 'must be given with a stream, which cannot answer one that is made here',
        },
      ]);
    const { run, events } = await this.begin(caller, request, leave.signal);
    return this.runs.render(caller, run.id, events, { onDisconnect: () => leave.abort(new ClientGone()) });
  }

  /** The run once it has ended, whatever its end, or waits for a person; in the background, at once. */
  async reply(caller: Principal, request: RunRequestDto, gone: AbortSignal): Promise<RunReplyDto> {
    const { run, events, ended, ...made } = await this.begin(caller, request, gone);
    if (request.mode === 'background') {
      await events.return();
      return { run: toRunDto(await this.execution.get(caller, run.id)), ...made };
    }
    try {
      const waits = await waitsForPerson(events, () => this.isWaiting(caller, run.id));
      if (!waits) return { run: toRunDto((await ended) ?? (await this.execution.get(caller, run.id))), ...made };
      const reached = toRunDto(await this.execution.get(caller, run.id));
      return { run: reached, approvals: await this.runs.pendingApprovals(run.id), ...made };
    } catch (error) {
      if (!(error instanceof StreamInterrupted)) throw error;
      throw shuttingDown(
        `This process shuts down. Run ${run.id} goes on in another: read it at /api/v1/runs/${run.id}.`,
        {
          extensions: { runId: run.id },
          headers: { 'Retry-After': String(Math.ceil(error.retryMs / 1_000)) },
        },
      );
    }
  }

  private async isWaiting(caller: Principal, id: string): Promise<boolean> {
    return (await this.execution.get(caller, id)).status === 'waiting';
  }

  /** A repeated request goes on with the run it caused the first time. */
  private async begin(caller: Principal, request: RunRequestDto, signal: AbortSignal): Promise<BegunRun> {
    const attached = currentRequest()?.attachedRunId;
    if (attached === undefined) return this.start(caller, request, signal);
    const run = await this.execution.get(caller, attached);
    return { run, events: await this.execution.follow(caller, run.id, 0, signal) };
  }

  private async start(caller: Principal, request: RunRequestDto, signal: AbortSignal): Promise<BegunRun> {
    const { input = {}, limits, metadata, mode, webhook } = request;
    const { definition, ...workflow } = await this.definitionOf(caller, request, input);
    refuseLongMessage(input);
    const run = { kind: 'workflow' as const, workflow, definition, input, limits, metadata };
    const isBackground = mode === 'background' && request.stream !== true;
    if (!webhook) return this.execution.start(caller, { ...run, isBackground }, signal);
    await this.webhooks.check(webhook.url);
    const id = newId();
    let webhookSecret: string | undefined;
    const prepare = async (): Promise<void> => {
      webhookSecret = (await this.webhooks.register(caller.workspaceId, id, webhook)).secret;
    };
    const started = await this.execution.start(caller, { ...run, id, isBackground, prepare, hasWebhook: true }, signal);
    return { ...started, webhookSecret };
  }

  /** What was valid a moment ago is not looked at again: what it refers to is pinned when the run begins. */
  private async assertValid(caller: Principal, definition: Readonly<Record<string, unknown>>): Promise<void> {
    const key = `${caller.workspaceId} ${createHash('sha256').update(JSON.stringify(definition)).digest('hex')}`;
    if ((this.valid.get(key) ?? 0) > Date.now()) return;
    await this.validator.assertValid(caller, definition, '/definition');
    if (this.valid.size >= MAX_KNOWN) this.valid.clear();
    this.valid.set(key, Date.now() + VALID_MS);
  }

  private async definitionOf(
    caller: Principal,
    { workflow, definition }: RunRequestDto,
    input: Readonly<Record<string, unknown>>,
  ) {
    if ((workflow === undefined) === (definition === undefined))
      throw validationFailed([{ pointer: '/workflow', detail: 'must be given, or else a definition; not both' }]);
    if (workflow !== undefined) {
      const { parameters: _, ...found } = await this.workflows.resolve(caller.workspaceId, workflow, input, {
        areWholeInput: true,
      });
      return found;
    }
    await this.assertValid(caller, definition ?? {});
    const parsed = Definition.parse(definition);
    return { definition: parsed, name: parsed.name };
  }
}
