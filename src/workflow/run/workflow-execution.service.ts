import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Lifecycle } from '../../platform/health/lifecycle.js';
import type { Principal } from '../../platform/http/principal.js';
import { validationFailed } from '../../platform/problem/http.errors.js';
import { Tracing } from '../../platform/telemetry/tracing.js';
import { Redactor } from '../../security/redaction/workspace.redactor.js';
import { Budgets } from '../../usage/budget/budgets.js';
import { filledInput } from '../definition/filled-input.js';
import { checkInput } from '../definition/input-schema.js';
import { shuttingDown } from '../workflow.errors.js';
import { WorkflowBundler } from '../workflow-bundler.js';
import { DefinitionStore } from './definition-store.js';
import { RunConfig } from './run.config.js';
import { RunControl } from './run-control.js';
import type { LoggedEvent } from './run-event.js';
import { RunFollower } from './run-follower.js';
import type { RunRequest, StartedRun } from './run-request.js';
import type { NewRun } from './run.repository.js';
import { RunTurns } from './run-turns.js';
import { spenderOf, type Run, type RunLimits } from './run.js';

const RETRY_AFTER = { 'Retry-After': '1' };

/** Starts, follows and ends runs. `start` answers once the run is durable; it then goes on whoever listens. */
@Injectable()
export class WorkflowExecutionService {
  constructor(
    private readonly definitions: DefinitionStore,
    private readonly turns: RunTurns,
    private readonly control: RunControl,
    private readonly follower: RunFollower,
    private readonly lifecycle: Lifecycle,
    private readonly config: RunConfig,
    private readonly bundler: WorkflowBundler,
    private readonly redactor: Redactor,
    private readonly tracing: Tracing,
    private readonly budgets: Budgets,
  ) {}

  /**
   * Makes a run and lets it begin. The run, what listeners store at its beginning and its `start` event are one
   * transaction. @throws Problem content-blocked, conversation-busy, too-many-runs, requirements-unmet, shutting-down,
   * budget-exceeded
   */
  async start(caller: Principal, request: RunRequest, signal?: AbortSignal): Promise<StartedRun> {
    if (this.lifecycle.isDraining)
      throw shuttingDown('This process is shutting down. Repeat the request.', { headers: RETRY_AFTER });
    this.checkLimits(request.limits);
    await this.budgets.admit(spenderOf({ ...caller, workflow: request.workflow }), modelOf(request.input));
    const { input, metadata } = await this.admitted(caller, request);
    const bundle = request.bundle ?? (await this.bundler.bundle(caller.workspaceId, request.definition));
    const hash = await this.definitions.keep(caller.workspaceId, bundle);
    await checkInput(bundle.definition, filledInput(bundle.definition.input, input));
    const limits = strictest(request.limits, bundle.definition.limits);
    const run = {
      ...newRun(caller, { ...request, input, limits, metadata }, hash),
      traceparent: this.tracing.traceparent,
    };
    return this.turns.take(run, request, signal);
  }

  /** What is given as the workspace lets it be stored, sent and shown. @throws Problem content-blocked */
  private async admitted({ workspaceId }: Principal, { kind, input, metadata }: RunRequest) {
    return {
      input: await this.redactor.admit(workspaceId, input, kind === 'chat' ? 'The message' : 'The input'),
      metadata: metadata && (await this.redactor.admit(workspaceId, metadata, 'The metadata')),
    };
  }

  /** A run of the caller's workspace. @throws Problem not-found */
  get(caller: Principal, id: string): Promise<Run> {
    return this.control.get(caller, id);
  }

  /** The run's events after `after`, followed to the end. @throws Problem not-found, validation-failed beyond the log */
  async follow(
    caller: Principal,
    id: string,
    after: number,
    signal?: AbortSignal,
  ): Promise<AsyncGenerator<readonly LoggedEvent[], void>> {
    return this.follower.follow(await this.get(caller, id), after, signal);
  }

  /** Events after `after`, at most `limit`, without waiting for more. @throws Problem not-found */
  async page(caller: Principal, id: string, after: number, limit: number): Promise<readonly LoggedEvent[]> {
    return this.follower.page(await this.get(caller, id), after, limit);
  }

  /** Ends the run as cancelled, if it has not ended; waits up to 3 s for it. @throws Problem not-found */
  cancel(caller: Principal, id: string): Promise<Run> {
    return this.control.cancel(caller, id);
  }

  /** Begins no further step once those that run have ended. @throws Problem not-found, run-not-pausable */
  pause(caller: Principal, id: string): Promise<Run> {
    return this.control.pause(caller, id);
  }

  /** Lets a paused run go on. @throws Problem not-found, run-not-pausable */
  resume(caller: Principal, id: string): Promise<Run> {
    return this.control.resume(caller, id);
  }

  private checkLimits(limits: RunLimits = {}): void {
    const { runTimeoutMs, nodeTimeoutMs, maxToolCalls, maxTokens } = this.config;
    const configured = { runTimeoutMs, nodeTimeoutMs, maxToolCalls, maxTokens };
    const faults = Object.entries(configured)
      .filter(([name, value]) => (limits[name as keyof RunLimits] ?? 0) > value)
      .map(([name, value]) => ({
        pointer: `/limits/${name}`,
        detail: `must not exceed the configured limit of ${value}`,
      }));
    if (faults.length > 0) throw validationFailed(faults);
  }
}

/** The model that the caller names, if any. */
const modelOf = ({ model }: RunRequest['input']): string | undefined => (typeof model === 'string' ? model : undefined);

/** Of each limit the lower one. */
function strictest(left: RunLimits = {}, right: RunLimits = {}): RunLimits {
  const names = ['runTimeoutMs', 'nodeTimeoutMs', 'maxToolCalls', 'maxTokens'] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const given = [left[name], right[name]].filter((value) => value !== undefined);
      return given.length > 0 ? [[name, Math.min(...given)]] : [];
    }),
  );
}

const newRun = (caller: Principal, request: RunRequest, hash: string): NewRun => ({
  id: request.id ?? newId(),
  workspaceId: caller.workspaceId,
  userId: caller.userId,
  kind: request.kind,
  workflow: { ...request.workflow, hash },
  conversationId: request.conversationId,
  messageId: request.messageId,
  input: request.input,
  limits: request.limits ?? {},
  metadata: request.metadata ?? {},
  hasWebhook: request.hasWebhook ?? false,
});
