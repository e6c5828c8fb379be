import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ServerConfig } from '../../platform/config/server.config.js';
import type { Database } from '../../platform/database/database.js';
import type { Lifecycle } from '../../platform/health/lifecycle.js';
import { RunConfig } from './run.config.js';
import { RunEnding } from './run.events.js';
import type { RunExecutor } from './run-executor.js';
import type { RunReader } from './run-reader.js';
import type { RunRepository } from './run.repository.js';
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
  let told: string[];
  let renewal: (held: readonly Run[]) => readonly { id: string; cancel: boolean }[];
  let capacity: number;
  let lifecycle: { isDraining: boolean; drain?: () => Promise<void>; onDrain(drain: () => Promise<void>): void };

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    [due, limits, told, capacity] = [[], [], [], 1_000];
    executing = new Map();
    renewal = (held) => held.map(({ id }) => ({ id, cancel: false }));
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
    } as unknown as RunRepository;
    const executor = {
      get executing() {
        return [...executing.values()];
      },
      get capacity() {
        return capacity;
      },
      takeOver: (claimed: Run) => executing.set(claimed.id, claimed),
      cancel: (id: string) => told.push(`cancel ${id}`),
      abandon: (id: string) => told.push(`abandon ${id}`),
      drain: async () => void told.push('drain'),
    } as unknown as RunExecutor;
    const reader = { interrupt: () => void told.push('interrupt') } as unknown as RunReader;
    const database = { afterCommit: (act: () => void) => act() } as unknown as Database;
    const config = new RunConfig({ RUN_SWEEP_MS: String(SWEEP_MS), RUN_LEASE_MS: String(LEASE_MS) });
    sweeper = new RunSweeper(
      runs,
      executor,
      reader,
      config,
      lifecycle as unknown as Lifecycle,
      new ServerConfig({}),
      database,
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

  it('looks for a queued run at once, and whenever a run of its conversation has ended', async () => {
    sweeper.onApplicationBootstrap();
    await pass(0);
    sweeper.expect(run('q', 'c'));
    await pass(0);
    expect(limits).toHaveLength(2);
    const outcome = { status: 'succeeded', output: null, finishReason: undefined, model: undefined } as const;
    sweeper.onRunEnding(new RunEnding(run('x', 'other'), outcome));
    await pass(0);
    expect(limits).toHaveLength(2);
    for (let time = 0; time < 2; time += 1) sweeper.onRunEnding(new RunEnding(run('x', 'c'), outcome));
    await pass(0);
    expect(limits).toHaveLength(3);
  });

  it('keeps its leases, passes on who asked for an end, and lets go of what it lost', async () => {
    due = [[run('kept'), run('cancelled'), run('lost')]];
    sweeper.onApplicationBootstrap();
    await pass(0);
    renewal = () => [
      { id: 'kept', cancel: false },
      { id: 'cancelled', cancel: true },
    ];
    await pass(LEASE_MS / 3);
    expect(told).toEqual(['cancel cancelled', 'abandon lost']);
  });

  it('lets go of its runs once it could not renew them for as long as a lease lasts, and not before', async () => {
    due = [[run('a')]];
    sweeper.onApplicationBootstrap();
    await pass(0);
    await pass(LEASE_MS / 3);
    renewal = () => {
      throw new Error('away');
    };
    await pass((LEASE_MS / 3) * 2);
    expect(told).toEqual([]);
    await pass(LEASE_MS / 3);
    expect(told).toEqual(['abandon a']);
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
