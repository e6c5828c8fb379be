import { Injectable } from '@nestjs/common';
import { EventStream } from '../../platform/http/event-stream.js';
import { decodeCursor, toPage } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { SessionCheck } from '../../security/identity/session-check.js';
import { toApprovalDto, type ApprovalDto } from '../approval/approval.dto.js';
import { ApprovalRepository } from '../approval/approval.repository.js';
import { RunConfig } from './run.config.js';
import {
  toRunDto,
  type EventPageDto,
  type EventsQuery,
  type RunDto,
  type RunPageDto,
  type RunQuery,
} from './run.dto.js';
import type { LoggedEvent } from './run-event.js';
import type { HoldingRun } from './run.js';
import { RunRepository } from './run.repository.js';
import { toldRemoval } from './told-removal.js';
import { WorkflowExecutionService } from './workflow-execution.service.js';

export interface RunStreamOptions {
  /** The number of the last event the reader has. */
  readonly after?: number;
  readonly onDisconnect?: () => void;
}

/** What clients see of runs: lists, single ones, their events as page or stream. */
@Injectable()
export class RunService {
  constructor(
    private readonly execution: WorkflowExecutionService,
    private readonly runs: RunRepository,
    private readonly sessions: SessionCheck,
    private readonly config: RunConfig,
    private readonly approvals: ApprovalRepository,
  ) {}

  async list(caller: Principal, { limit, cursor, ...filter }: RunQuery): Promise<RunPageDto> {
    const before = cursor === undefined ? undefined : decodeCursor(cursor, ['id'])[0];
    const rows = await this.runs.list(caller.workspaceId, filter, before, limit + 1);
    return toPage(rows, limit, ({ id }) => [id], toRunDto);
  }

  async get(caller: Principal, id: string): Promise<RunDto> {
    return toRunDto(await this.execution.get(caller, id));
  }

  async cancel(caller: Principal, id: string): Promise<RunDto> {
    return toRunDto(await this.execution.cancel(caller, id));
  }

  /** What a person must decide before the run goes on. */
  async pendingApprovals(id: string): Promise<readonly ApprovalDto[]> {
    return (await this.approvals.pendingOf(id)).map(toApprovalDto);
  }

  async pause(caller: Principal, id: string): Promise<RunDto> {
    return toRunDto(await this.execution.pause(caller, id));
  }

  async resume(caller: Principal, id: string): Promise<RunDto> {
    return toRunDto(await this.execution.resume(caller, id));
  }

  /** The chat run that holds a conversation, if any. */
  holding(workspaceId: string, conversationId: string): Promise<HoldingRun | undefined> {
    return this.runs.holding(workspaceId, conversationId);
  }

  /** Removes the runs of a conversation that is purged, in the ambient transaction. */
  async purgeConversation(workspaceId: string, conversationId: string): Promise<void> {
    await this.runs.purgeConversation(workspaceId, conversationId);
  }

  async page(caller: Principal, id: string, after: number, { limit, cursor }: EventsQuery): Promise<EventPageDto> {
    const start = cursor === undefined ? after : Number(decodeCursor(cursor, ['integer'])[0]);
    const rows = await this.execution.page(caller, id, start, limit + 1);
    return toPage(
      rows,
      limit,
      ({ seq }) => [seq],
      ({ data }) => JSON.parse(data) as object,
    );
  }

  /** The run's log as an event stream, from after `after` to its end. */
  async stream(caller: Principal, id: string, after: number): Promise<EventStream> {
    const leave = new AbortController();
    const events = await this.execution.follow(caller, id, after, leave.signal);
    return this.render(caller, id, events, { after, onDisconnect: () => leave.abort() });
  }

  /** Events of a run as the answer of a stream request. */
  render(
    caller: Principal,
    runId: string,
    events: AsyncIterable<readonly LoggedEvent[]>,
    { after, onDisconnect }: RunStreamOptions = {},
  ): EventStream {
    return new EventStream(toldRemoval(runId, events, after), {
      headers: { 'X-Run-Id': runId, 'Content-Location': `/api/v1/runs/${runId}` },
      heartbeatMs: this.config.heartbeatMs,
      stillAllowed: () => this.sessions.stillValid(caller),
      onDisconnect,
    });
  }
}
