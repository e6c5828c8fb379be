import { Injectable } from '@nestjs/common';
import { decodeCursor, toPage } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { validationFailed } from '../../platform/problem/http.errors.js';
import { refuseLongMessage } from '../definition/input-message.js';
import { DefinitionStore } from './definition-store.js';
import { EventRepository, type KeptEvent } from './event.repository.js';
import { toRunDto, type RunDto, type RunPageDto } from './run.dto.js';
import type { NewEvent } from './run-event.js';
import {
  toStepDto,
  type CheckpointDto,
  type CheckpointPageDto,
  type HistoryQuery,
  type RunStepPageDto,
} from './run-history.dto.js';
import { RunRepository } from './run.repository.js';
import type { RerunRequestDto } from './run-request.dto.js';
import { RunSteps, type RunStep } from './run-steps.js';
import type { Run } from './run.js';
import { WorkflowExecutionService } from './workflow-execution.service.js';

const LOG_PAGE = 500;
const MAX_CHECKPOINTS = 1_000;

/** What a run has done so far, and runs that go on from a point of it. */
@Injectable()
export class RunHistoryService {
  constructor(
    private readonly execution: WorkflowExecutionService,
    private readonly runs: RunRepository,
    private readonly events: EventRepository,
    private readonly definitions: DefinitionStore,
  ) {}

  /** The steps of a run, of a child run those below it, in the order they began. @throws Problem not-found */
  async steps(caller: Principal, id: string, { limit, cursor }: HistoryQuery): Promise<RunStepPageDto> {
    const run = await this.execution.get(caller, id);
    const after = cursor === undefined ? 0 : Number(decodeCursor(cursor, ['integer'])[0]);
    const { all } = await this.read(run);
    const rows = all.filter(({ seq }) => seq > after).slice(0, limit + 1);
    return toPage(rows, limit, ({ seq }) => [seq], toStepDto);
  }

  /** The child runs of a run in the order they began. @throws Problem not-found */
  async children(caller: Principal, id: string, { limit, cursor }: HistoryQuery): Promise<RunPageDto> {
    const run = await this.execution.get(caller, id);
    const after = cursor === undefined ? undefined : decodeCursor(cursor, ['id'])[0];
    const rows = await this.runs.children(run.workspaceId, run.id, after, limit + 1);
    return toPage(rows, limit, (child) => [child.id], toRunDto);
  }

  /** The points a run can be gone on from: its beginning, and after each step that has succeeded. */
  async checkpoints(caller: Principal, id: string): Promise<CheckpointPageDto> {
    const run = await this.execution.get(caller, id);
    const { all } = await this.read(run);
    const beginning = { id: '1', runId: run.id, seq: 1, createdAt: (run.startedAt ?? run.createdAt).toISOString() };
    const reached = all
      .flatMap(({ status, endSeq: seq, endedAt, id: step }): CheckpointDto[] =>
        status === 'succeeded' && seq !== undefined && endedAt !== undefined
          ? [{ id: String(seq), runId: run.id, step, seq, createdAt: endedAt }]
          : [],
      )
      .sort((left, right) => left.seq - right.seq);
    return { items: [beginning, ...reached].slice(-MAX_CHECKPOINTS), nextCursor: null };
  }

  /**
   * A new run of the same definition that goes on from a step or checkpoint of this one, or begins anew. What is kept is
   * copied into its log. Of a chat turn it reads the same history, but holds no conversation and leaves no message.
   * A repeated request answers the run that it made the first time.
   * @throws Problem not-found, validation-failed for a step or checkpoint that is none
   */
  async rerun(caller: Principal, id: string, request: RerunRequestDto): Promise<RunDto> {
    const attached = currentRequest()?.attachedRunId;
    if (attached !== undefined) return toRunDto(await this.execution.get(caller, attached));
    const run = await this.execution.get(caller, id);
    if (run.rootRunId !== null)
      throw validationFailed([{ pointer: '/id', detail: `names a child run; rerun its root, ${run.rootRunId}` }]);
    refuseLongMessage(request.input ?? {});
    const bundle = await this.definitions.bundleOf(run);
    const { hash: _, ...workflow } = run.workflow;
    const started = await this.execution.start(caller, {
      kind: 'workflow',
      workflow,
      definition: bundle.definition,
      bundle,
      input: request.input ?? run.input,
      limits: run.limits,
      metadata: { ...run.metadata, rerunOf: run.id },
      conversationId: run.conversationId ?? undefined,
      messageId: run.messageId ?? undefined,
      seed: await this.seedOf(run, request),
    });
    await started.events.return();
    return toRunDto(started.run);
  }

  /** The events of steps that are kept, numbered from 2. */
  private async seedOf(run: Run, { fromStep, checkpointId }: RerunRequestDto): Promise<readonly NewEvent[]> {
    if (fromStep !== undefined && checkpointId !== undefined)
      throw validationFailed([{ pointer: '/checkpointId', detail: 'cannot stand beside fromStep; give one of them' }]);
    if (fromStep === undefined && checkpointId === undefined) return [];
    const { all } = await this.read(run);
    const until = fromStep === undefined ? checkpointOf(all, checkpointId ?? '') : stepOf(all, fromStep);
    const kept = new Set(all.flatMap(({ endSeq = Infinity, id }) => (endSeq <= until ? [id] : [])));
    const seed: NewEvent[] = [];
    await this.eachPage(run, (events) => {
      for (const event of events) {
        if (event.seq > until || !isKept(event, kept)) continue;
        const seq = seed.length + 2;
        const data: unknown = JSON.parse(event.data);
        seed.push({
          seq,
          type: event.type,
          data: JSON.stringify({ ...(data as object), seq, reused: true }),
          result: event.result ?? undefined,
          isConfidential: event.isConfidential,
        });
      }
    });
    return seed;
  }

  private async read(run: Run): Promise<RunSteps> {
    const steps = new RunSteps();
    await this.eachPage(run, (events) => steps.read(events));
    return steps;
  }

  /** The log of the run page by page; of a child run, that part of its root's log. */
  private async eachPage({ id, rootRunId, path }: Run, take: (events: readonly KeptEvent[]) => void): Promise<void> {
    for (let after = 0, full = true; full;) {
      const page = await this.events.readKept(rootRunId ?? id, after, LOG_PAGE);
      after = page.at(-1)?.seq ?? after;
      full = page.length === LOG_PAGE;
      take(path === null ? page : page.filter(({ data }) => isBelow(data, path)));
    }
  }
}

function isBelow(data: string, path: readonly string[]): boolean {
  const { path: at = [] } = JSON.parse(data) as { readonly path?: readonly string[] };
  return at.length > path.length && path.every((name, index) => at[index] === name);
}

/** Node events of kept steps, and children that had ended. */
function isKept({ type, data }: KeptEvent, kept: ReadonlySet<string>): boolean {
  if (type === 'child_end') return true;
  if (type !== 'node_start' && type !== 'node_end') return false;
  const { path = [] } = JSON.parse(data) as { readonly path?: readonly string[] };
  return kept.has(path.join('/'));
}

function stepOf(steps: readonly RunStep[], id: string): number {
  const step = steps.find((candidate) => candidate.id === id);
  if (step) return step.seq - 1;
  throw validationFailed([{ pointer: '/fromStep', detail: 'is no step that this run has begun' }]);
}

function checkpointOf(steps: readonly RunStep[], id: string): number {
  const seq = /^[1-9]\d{0,9}$/.test(id) ? Number(id) : 0;
  if (seq === 1 || steps.some(({ endSeq, status }) => endSeq === seq && status === 'succeeded')) return seq;
  throw validationFailed([{ pointer: '/checkpointId', detail: 'is no checkpoint of this run' }]);
}
