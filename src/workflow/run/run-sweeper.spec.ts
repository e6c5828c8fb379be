import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ServerConfig } from '../../platform/config/server.config.js';
import type { Database } from '../../platform/database/database.js';
import type { Lifecycle } from '../../platform/health/lifecycle.js';
import type { ApprovalRepository } from '../approval/approval.repository.js';
import { RunConfig } from './run.config.js';
import type { RunExecutor } from './run-executor.js';
import type { WorkQueue } from '../../platform/queue/work-queue.js';
import type { RunReader } from './run-reader.js';
import type { RunClaims } from './run-claims.js';
import { RunSweeper } from './run-sweeper.js';
import type { Run } from './run.js';

const SWEEP_MS = 5_000;
const LEASE_MS = 15_000;

const run = (id: string, conversationId: string | null = null): Run => ({ id, fence: 1, conversationId }) as Run;

describe('the sweeper of runs', () => {
  let sweeper: RunSweeper;
  /** What the next claims bring; nothing beyond the last. */
  let due: (readonly Run[] | Error)[];
  let limits: number[];
  let executing: Map<string, Run>;
  let takenAt: Map<string, number>;
  let told: string[];
  let renewal: (held: readonly Run[]) => readonly { id: string }[];
  let capacity: number;
  /** What other processes were asked for. */
  let requests: readonly { id: string; cancel: boolean }[];
  /** Approvals that were decided elsewhere, by the run. */
  let decided: ReadonlyMap<string, string>;
  let isQueued: boolean;
  let settle: (run: Run, wakeAt?: Date) => void;
  let lifecycle: { isDraining: boolean; drain?: () => Promise<void>; onDrain(drain: () => Promise<void>): void };

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    [due, limits, told, capacity] = [[], [], [], 1_000];
    [executing, takenAt] = [new Map(), new Map()];
    [requests, decided, isQueued] = [[], new Map(), false];
    renewal = (held) => held.map(({ id }) => ({ id }));
    lifecycle = {
      isDraining: false,
      onDrain: (drain) => {
        lifecycle.drain = drain;
      },
    };
    const runs = {
      claim: async (_: unknown, limit: number) => {
        limits.push(limit);
        const next = due.shift() ?? [];
        if (next instanceof Error) throw next;
        return next;
      },
      renew: async (held: readonly Run[]) => renewal(held),
      requests: async (asked: readonly string[]) => requests.filter(({ id }) => asked.includes(id)),
      hasQueued: async () => isQueued,
    } as unknown as RunClaims;
    const executor = {
      get capacity() {
        return capacity;
      },
      get held() {
        const now = performance.now();
        return [...executing.values()].map(({ id, fence }) => ({ id, fence, heldMs: now - takenAt.get(id)! }));
      },
      get goingOn() {
        return [...executing.keys()];
      },
      get pendingApprovals() {
        return [...decided.keys()];
      },
      takeOver: (claimed: Run) => {
        executing.set(claimed.id, claimed);
        takenAt.set(claimed.id, performance.now());
      },
      cancel: (id: string) => told.push(`cancel ${id}`),
      pause: (id: string) => told.push(`pause ${id}`),
      wake: (id: string) => told.push(`wake ${id}`),
      abandon: ({ id }: Run) => told.push(`abandon ${id}`) && executing.delete(id),
      onSettled: (listener: (run: Run, wakeAt?: Date) => void) => {
        settle = listener;
      },
      drain: async () => void told.push('drain'),
    } as unknown as RunExecutor;
    const approvals = {
      decided: async (asked: readonly string[]) => asked.flatMap((id) => decided.get(id) ?? []),
    } as unknown as ApprovalRepository;
    const reader = { interrupt: () => void told.push('interrupt') } as unknown as RunReader;
    const database = { detached: (work: () => unknown) => work() } as unknown as Database;
    const config = new RunConfig({ RUN_SWEEP_MS: String(SWEEP_MS), RUN_LEASE_MS: String(LEASE_MS) });
    sweeper = new RunSweeper(
      runs,
      executor,
      reader,
      config,
      lifecycle as unknown as Lifecycle,
      new ServerConfig({}),
      database,
      approvals,
      { put: async () => true } as unknown as WorkQueue,
    );
  });
  afterEach(async () => {
    await lifecycle.drain?.();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
    Logger.overrideLogger(undefined as never);
  });

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('claims what is due at its start and again and again, and has it executed', async () => {
    due = [[run('a')], [], [run('b')]];
    sweeper.onApplicationBootstrap();
    await pass(0);
    expect([...executing.keys()]).toEqual(['a']);
    await pass(2 * SWEEP_MS);
    expect([[...executing.keys()], limits.length]).toEqual([['a', 'b'], 3]);
  });

  it('goes on at once while there is as much as it asks for, and asks for no more than it has room for', async () => {
    capacity = 2;
    due = [[run('a'), run('b')], [run('c')]];
    sweeper.onApplicationBootstrap();
    await pass(0);
    expect([[...executing.keys()], limits]).toEqual([
      ['a', 'b', 'c'],
      [2, 2],
    ]);
    capacity = 0;
    await pass(2 * SWEEP_MS);
    expect(limits).toHaveLength(2);
  });

  it('claims again at once when a conversation was taken at the same moment', async () => {
    due = [Object.assign(new Error('duplicate'), { code: '23505', constraint: 'run_holds_conversation' }), [run('a')]];
    sweeper.onApplicationBootstrap();
    await pass(0);
    expect([...executing.keys()]).toEqual(['a']);
  });

  it('outlives a database that is away, and does not hurry it', async () => {
    due = [new Error('away'), [run('a')]];
    sweeper.onApplicationBootstrap();
    await pass(10);
    expect(limits).toHaveLength(1);
    await pass(SWEEP_MS);
    expect([...executing.keys()]).toEqual(['a']);
  });

  it('looks for a queued run at once, and whenever a run of its conversation has ended here', async () => {
    sweeper.onApplicationBootstrap();
    await pass(0);
    sweeper.expect(run('q', 'c'));
    await pass(0);
    expect(limits).toHaveLength(2);
    for (const ended of [run('x', 'other'), run('y')]) settle(ended);
    await pass(0);
    expect(limits).toHaveLength(2);
    settle(run('z', 'c'));
    await pass(0);
    expect(limits).toHaveLength(3);
  });

  it('keeps its leases, and lets go of what it lost', async () => {
    due = [[run('kept'), run('lost')]];
    sweeper.onApplicationBootstrap();
    await pass(0);
    renewal = () => [{ id: 'kept' }];
    await pass(LEASE_MS / 3);
    expect(told).toEqual(['abandon lost']);
  });

  it('heeds within a second what another process was asked for: to end, to pause, to look at a decision', async () => {
    due = [[run('a'), run('b'), run('c')]];
    sweeper.onApplicationBootstrap();
    await pass(0);
    requests = [
      { id: 'b', cancel: true },
      { id: 'c', cancel: false },
    ];
    decided = new Map([['approval', 'a']]);
    await pass(1_000);
    expect(new Set(told)).toEqual(new Set(['cancel b', 'pause c', 'wake a']));
  });

  it('looks for a queued run without a conversation whenever any run has ended here, until none is queued', async () => {
    isQueued = true;
    sweeper.onApplicationBootstrap();
    await pass(0);
    sweeper.expect(run('q'));
    await pass(0);
    expect(limits).toHaveLength(2);
    settle(run('x', 'other'));
    await pass(0);
    expect(limits).toHaveLength(3);
    isQueued = false;
    settle(run('y'));
    await pass(0);
    expect(limits).toHaveLength(4);
    settle(run('z'));
    await pass(0);
    expect(limits).toHaveLength(4);
  });

  it('looks for a run that was put aside when its time has come, and leaves far times to its next looks', async () => {
    sweeper.onApplicationBootstrap();
    await pass(0);
    settle(run('soon'), new Date(Date.now() + 2_000));
    settle(run('late'), new Date(Date.now() + 10 * SWEEP_MS));
    await pass(1_990);
    expect(limits).toHaveLength(1);
    await pass(20);
    expect(limits).toHaveLength(2);
    settle(run('due'), new Date(Date.now() - 1_000));
    await pass(10);
    expect(limits).toHaveLength(3);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('away'))],
    ['hangs', () => new Promise<never>(() => undefined)],
  ])('lets go of its runs before their leases end when renewing %s, and not at once', async (_, fate) => {
    due = [[run('a')]];
    sweeper.onApplicationBootstrap();
    await pass(LEASE_MS / 3 + 10);
    let renewals = 0;
    renewal = () => {
      renewals += 1;
      return fate() as never;
    };
    const renewedAt = LEASE_MS / 3;
    await pass(LEASE_MS / 3);
    expect(told).toEqual([]);
    due = [[run('later')]];
    await pass(LEASE_MS + renewedAt - (2 * LEASE_MS) / 3 - 20);
    expect([told, [...executing.keys()]]).toEqual([['abandon a'], ['later']]);
    expect(renewals).toBeGreaterThanOrEqual(2);
    await pass(LEASE_MS);
    expect(told).toEqual(['abandon a', 'abandon later']);
  });

  it('keeps its runs when a renewal is answered late, but in time for the lease', async () => {
    due = [[run('a')]];
    sweeper.onApplicationBootstrap();
    await pass(10);
    renewal = () =>
      new Promise((resolve) => {
        setTimeout(() => resolve([{ id: 'a' }]), 0.4 * LEASE_MS);
      }) as never;
    await pass(3 * LEASE_MS);
    expect(told).toEqual([]);
    renewal = (held) => held.map(({ id }) => ({ id }));
    await pass(LEASE_MS);
  });

  it('counts from its start, however long the process took to start', async () => {
    due = [[run('a')]];
    await pass(10 * LEASE_MS);
    sweeper.onApplicationBootstrap();
    await pass(LEASE_MS / 3 - 10);
    expect(told).toEqual([]);
  });

  it('stops claiming when the process drains, lets runs end, and only then ends streams', async () => {
    sweeper.onApplicationBootstrap();
    await pass(0);
    lifecycle.isDraining = true;
    await lifecycle.drain?.();
    sweeper.sweep();
    await pass(3 * SWEEP_MS);
    expect([told, limits.length]).toEqual([['drain', 'interrupt'], 1]);
  });
});
