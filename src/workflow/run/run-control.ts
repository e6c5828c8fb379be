import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../platform/database/database.js';
import type { Principal } from '../../platform/http/principal.js';
import { notFound } from '../../platform/problem/http.errors.js';
import type { Problem } from '../../platform/problem/problem.js';
import { runNotPausable } from '../workflow.errors.js';
import { RunEnder } from './run-ender.js';
import { RunExecutor } from './run-executor.js';
import { RunRepository } from './run.repository.js';
import { RunSweeper } from './run-sweeper.js';
import { isEnded, type Run } from './run.js';

const CANCEL_WAIT_MS = 3_000;
const PAUSE_WAIT_MS = 1_000;
const LOOK_EVERY_MS = 100;

/** What is asked of a run that goes on: to end, to pause, to go on. Whichever process executes it hears of it. */
@Injectable()
export class RunControl {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly executor: RunExecutor,
    private readonly ender: RunEnder,
    private readonly sweeper: RunSweeper,
  ) {}

  /** A run of the caller's workspace. @throws Problem not-found */
  async get(caller: Principal, id: string): Promise<Run> {
    const run = await this.runs.find(caller.workspaceId, id);
    if (!run) throw notFound(`There is no run ${id} in this workspace.`);
    return run;
  }

  /**
   * Ends the run as cancelled, if it has not ended; waits up to 3 s for it and answers the run as it is then. Never part
   * of a transaction: the end it waits for could not be written beside one that has changed the run.
   */
  cancel(caller: Principal, id: string): Promise<Run> {
    return this.database.detached(() => this.cancelNow(caller, id));
  }

  private async cancelNow(caller: Principal, id: string): Promise<Run> {
    const run = await this.runs.requestCancel(caller.workspaceId, id);
    if (!run) throw notFound(`There is no run ${id} in this workspace.`);
    if (isEnded(run.status)) return run;
    if (run.status === 'queued') await this.ender.cancelQueued(run);
    if (run.rootRunId !== null) await this.runs.wake(run.rootRunId);
    if (run.status === 'waiting' || run.rootRunId !== null) this.sweeper.due(run.rootRunId ?? run.id);
    this.executor.cancel(run.id);
    return this.settledWithin(run, CANCEL_WAIT_MS);
  }

  /** Begins no further step once those that run have ended; one that is put aside stays so. @throws Problem not-found, run-not-pausable */
  async pause(caller: Principal, id: string): Promise<Run> {
    const run = await this.runs.requestPause(caller.workspaceId, id);
    if (!run) throw notPausable(await this.get(caller, id), 'paused');
    this.executor.pause(run.id);
    return this.settledWithin(run, PAUSE_WAIT_MS, ({ status }) => status !== 'running' && status !== 'queued');
  }

  /** Lets a paused run go on. @throws Problem not-found, run-not-pausable */
  async resume(caller: Principal, id: string): Promise<Run> {
    const run = await this.runs.resume(caller.workspaceId, id);
    if (!run) throw notPausable(await this.get(caller, id), 'resumed');
    if (run.status === 'queued') this.sweeper.expect(run);
    else this.sweeper.due(run.id);
    return run;
  }

  /** Cancels a run that stands in another's way; resolves when it has ended here, or another process is asked to end it. */
  async cancelAhead(workspaceId: string, ahead: Pick<Run, 'id' | 'status'>): Promise<void> {
    await this.runs.requestCancel(workspaceId, ahead.id);
    if (ahead.status === 'queued') await this.ender.cancelQueued(ahead);
    if (ahead.status !== 'running') this.sweeper.due(ahead.id);
    this.executor.cancel(ahead.id);
    await this.executor.settled(ahead.id);
  }

  private async settledWithin(
    run: Run,
    timeoutMs: number,
    isSettled: (run: Run) => boolean = ({ status }) => isEnded(status),
  ): Promise<Run> {
    const until = Date.now() + timeoutMs;
    for (let now = run; ; now = (await this.runs.find(run.workspaceId, run.id)) ?? run) {
      if (isEnded(now.status) || isSettled(now) || Date.now() >= until) return now;
      const pause = sleep(LOOK_EVERY_MS);
      await Promise.race([pause, this.executor.settled(run.id) ?? pause]);
    }
  }
}

function notPausable({ id, status }: Run, what: 'paused' | 'resumed'): Problem {
  return runNotPausable(`Run ${id} is ${status} and cannot be ${what}.`, { extensions: { runId: id, status } });
}
