import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { eventually } from '../../../test/support/eventually.js';
import { EventLog } from './event-log.js';
import type { EventBatch, EventRepository } from './event.repository.js';
import { RunConfig } from './run.config.js';
import type { LoggedEvent } from './run-event.js';
import { RunFeed } from './run-feed.js';
import { RunJournal } from './run-journal.js';

const AT = new Date(0);
const FLUSH_MS = 50;
const AWAY = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** The log's table, as its repository promises it: fenced, and the same event twice is one. */
class Table {
  readonly appends: (readonly EventBatch[])[] = [];
  readonly rows = new Map<string, LoggedEvent>();
  readonly fences = new Map<string, number>();
  /** What happens to the next appends; beyond the last, all is well. */
  readonly fate: ('fails' | 'refused' | 'losesAnswer' | 'fine' | Promise<unknown>)[] = [];

  readonly repository = {
    append: async (batches: readonly EventBatch[]): Promise<ReadonlySet<string>> => {
      this.appends.push(batches);
      const fate = this.fate.shift();
      if (fate === 'fails') throw AWAY;
      if (fate === 'refused' && batches.some(({ runId }) => runId === 'poison')) throw new Error('refused');
      if (fate instanceof Promise) await fate;
      const held = batches.filter(({ runId, fence }) => (this.fences.get(runId) ?? fence) === fence);
      for (const { runId, events } of held) {
        for (const event of events) {
          const key = `${runId} ${event.seq}`;
          const known = this.rows.get(key);
          if (known && known.data !== event.data) throw new Error(`${key} has another content`);
          this.rows.set(key, event);
        }
      }
      if (fate === 'losesAnswer') throw AWAY;
      return new Set(held.map(({ runId }) => runId));
    },
  } as unknown as EventRepository;

  of(runId: string): readonly LoggedEvent[] {
    return [...this.rows].flatMap(([key, event]) => (key.startsWith(`${runId} `) ? [event] : []));
  }
}

describe('the event log', () => {
  let table: Table;
  let feed: RunFeed;
  let log: EventLog;

  beforeEach(() => {
    Logger.overrideLogger(false);
    table = new Table();
    feed = new RunFeed();
    log = new EventLog(table.repository, feed, new RunConfig({ EVENT_FLUSH_MS: String(FLUSH_MS) }));
  });
  afterEach(() => {
    jest.useRealTimers();
    Logger.overrideLogger(undefined as never);
  });

  /** A run that this process executes. */
  function opened(runId: string) {
    const journal = new RunJournal(runId, 1);
    const fenced: string[] = [];
    const heard: LoggedEvent[] = [];
    log.open(journal, () => fenced.push(runId));
    feed.subscribe(runId, (events) => heard.push(...events));
    const say = (text = 'x'): void => {
      journal.record('note', { text }, AT);
      log.touch(journal);
    };
    return { journal, fenced, heard, say };
  }

  const seqs = (events: readonly LoggedEvent[]): number[] => events.map(({ seq }) => seq);

  describe('in time', () => {
    const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
    const appended = () => table.appends.map((batches) => batches.flatMap(({ events }) => seqs(events)));

    beforeEach(() => {
      jest.useFakeTimers();
    });
    afterEach(() => {
      expect(jest.getTimerCount()).toBe(0);
    });

    it('writes the first news of a quiet run within milliseconds, and what follows together', async () => {
      const run = opened('r');
      await pass(100);
      run.say();
      await pass(10);
      expect(appended()).toEqual([[1]]);
      for (let index = 0; index < 20; index += 1) {
        run.say();
        await pass(1);
      }
      expect(appended()).toEqual([[1]]);
      await pass(FLUSH_MS);
      expect(appended()).toEqual([[1], Array.from({ length: 20 }, (_, index) => index + 2)]);
    });

    it('lets nothing wait longer than EVENT_FLUSH_MS, however much follows', async () => {
      const run = opened('r');
      await pass(100);
      run.say();
      await pass(10);
      run.say();
      for (let index = 0; index < FLUSH_MS + 5; index += 1) {
        await pass(1);
        run.say();
      }
      expect(appended().length).toBeGreaterThanOrEqual(2);
      expect(appended()[1]).toContain(2);
      await pass(FLUSH_MS + 5);
    });

    it('lets what is no news wait for what is', async () => {
      const run = opened('r');
      await pass(100);
      run.journal.record('node_start', {}, AT);
      log.touch(run.journal);
      await pass(10);
      expect(appended()).toEqual([]);
      run.say();
      await pass(10);
      expect(appended()).toEqual([[1, 2]]);
    });

    it('writes what waits of all runs in one statement', async () => {
      const runs = ['a', 'b', 'c'].map((id) => opened(id));
      await pass(100);
      for (const run of runs) run.say();
      await pass(10);
      expect(table.appends).toHaveLength(1);
      expect(table.appends[0]?.map(({ runId, fence }) => [runId, fence])).toEqual([
        ['a', 1],
        ['b', 1],
        ['c', 1],
      ]);
    });

    it('has one statement on its way at a time', async () => {
      const slow = Promise.withResolvers<void>();
      table.fate.push(slow.promise);
      const run = opened('r');
      await pass(100);
      run.say();
      await pass(10);
      run.say();
      await pass(1_000);
      expect(appended()).toEqual([[1]]);
      slow.resolve();
      await pass(10);
      expect(appended()).toEqual([[1], [2]]);
    });
  });

  it('tells readers of events only once they are stored', async () => {
    const commit = Promise.withResolvers<void>();
    table.fate.push(commit.promise);
    const run = opened('r');
    run.say();
    await sleep(30);
    expect([table.appends.length, run.heard]).toEqual([1, []]);
    commit.resolve();
    await log.close(run.journal);
    expect(seqs(run.heard)).toEqual([1]);
  });

  it('tells a run that another process owns so, and nobody of its events; others are not harmed', async () => {
    const [stale, sound] = [opened('stale'), opened('sound')];
    table.fences.set('stale', 2);
    stale.say();
    sound.say();
    await sleep(30);
    await log.close(sound.journal);
    expect([stale.fenced, stale.heard, table.of('stale')]).toEqual([['stale'], [], []]);
    expect([sound.fenced, seqs(sound.heard), seqs(table.of('sound'))]).toEqual([[], [1], [1]]);
  });

  it.each(['fails', 'losesAnswer'] as const)(
    'repeats a statement that %s, without loss or repetition',
    async (fate) => {
      table.fate.push(fate, fate);
      const run = opened('r');
      run.say('first');
      await sleep(30);
      run.say('second');
      await log.close(run.journal);
      const tail = run.journal.take();
      expect([...seqs(run.heard), ...seqs(tail)]).toEqual([1, 2]);
      expect(seqs(table.of('r'))).toEqual(seqs(run.heard));
      expect(table.appends.slice(0, 3).map((batches) => seqs(batches[0]!.events))).toEqual([[1], [1], [1]]);
    },
  );

  it('lets go of the run alone whose events the database refuses', async () => {
    table.fate.push('refused', 'refused', 'refused');
    const [poison, sound] = [opened('poison'), opened('sound')];
    poison.say();
    sound.say();
    await sleep(30);
    await log.close(sound.journal);
    expect([poison.fenced, table.of('poison')]).toEqual([['poison'], []]);
    expect([sound.fenced, seqs(sound.heard), seqs(table.of('sound'))]).toEqual([[], [1], [1]]);
  });

  it('lets go of its runs when the database is away for as long as a lease lasts', async () => {
    log = new EventLog(table.repository, feed, new RunConfig({ RUN_LEASE_MS: '600' }));
    table.fate.push('fails', 'fails', 'fails', 'fails');
    const run = opened('r');
    run.say();
    await sleep(30);
    run.say('that comes after what was lost');
    await eventually(() => run.fenced.length > 0);
    await sleep(30);
    expect(await log.close(run.journal)).toBe('broken');
    expect([run.fenced, run.heard, table.of('r')]).toEqual([['r'], [], []]);
  });

  it('tries again what hung for longer than a lease: the fence decides whether the run is still held', async () => {
    log = new EventLog(table.repository, feed, new RunConfig({ RUN_LEASE_MS: '600' }));
    const hangs = Promise.withResolvers<void>();
    table.fate.push(hangs.promise);
    const run = opened('r');
    run.say();
    const settled = log.settle(run.journal);
    await sleep(700);
    hangs.reject(AWAY);
    await settled;
    expect([run.fenced, seqs(table.of('r'))]).toEqual([[], [1]]);
  });

  it('settles a run once its events are stored, also when the write of another run has taken them', async () => {
    const [one, two] = [opened('one'), opened('two')];
    const gate = Promise.withResolvers<void>();
    const stored: string[] = [];
    table.fate.push('fine', gate.promise);
    one.say();
    const first = log.settle(one.journal);
    one.say();
    two.say();
    const settling = [one, two].map(async ({ journal }) => {
      await log.settle(journal);
      stored.push(journal.runId);
    });
    await first;
    await sleep(20);
    expect(stored).toEqual([]);
    gate.resolve();
    await Promise.all(settling);
    expect(seqs(table.of('one'))).toEqual([1, 2]);
    expect(seqs(table.of('two'))).toEqual([1]);
    await log.close(one.journal);
    await log.close(two.journal);
  });

  it('settles what there is, however much comes after it', async () => {
    const run = opened('r');
    run.say();
    const more = setInterval(run.say, 0);
    await log.settle(run.journal);
    clearInterval(more);
    expect(seqs(run.heard)[0]).toBe(1);
    expect(await log.close(run.journal)).toBe('whole');
  });

  it('settles, and tells when it is closed, that events were lost', async () => {
    const run = opened('r');
    table.fences.set('r', 2);
    run.say();
    await log.settle(run.journal);
    expect(run.fenced).toEqual(['r']);
    expect(await log.close(run.journal)).toBe('broken');
    expect(await log.close(run.journal)).toBe('unopened');
  });

  it('leaves what waits in the journal when it is closed, and hears it no more', async () => {
    const run = opened('r');
    run.say();
    await log.close(run.journal);
    run.say();
    await sleep(FLUSH_MS * 3);
    expect(table.appends).toEqual([]);
    expect(seqs(run.journal.take())).toEqual([1, 2]);
  });

  it('does not mix up two executions of a run', async () => {
    const old = opened('r');
    const next = opened('r');
    old.say();
    await log.close(old.journal);
    next.say();
    await sleep(FLUSH_MS * 3);
    expect(table.appends).toHaveLength(1);
    await log.close(next.journal);
  });

  it('holds back who fills a journal until it is written, or its run ends', async () => {
    const commit = Promise.withResolvers<void>();
    table.fate.push(commit.promise);
    const run = opened('r');
    run.say();
    await sleep(30);
    for (let index = 0; index < 2_001; index += 1) run.say();
    let isRelieved = false;
    const relief = log.relief(run.journal, new AbortController().signal).then(() => (isRelieved = true));
    await sleep(30);
    expect(isRelieved).toBe(false);
    commit.resolve();
    await relief;
    expect(run.journal.isFull).toBe(false);
    for (let index = 0; index < 2_001; index += 1) run.journal.record('note', {}, AT);
    await expect(log.relief(run.journal, AbortSignal.abort(new Error('ended')))).rejects.toThrow();
  });

  it('stores and tells exactly what was recorded, in order, for many runs at once', async () => {
    const runs = fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 15 }), { minLength: 1, maxLength: 5 });
    const fates = fc.array(fc.constantFrom('losesAnswer' as const, 'fine' as const), { maxLength: 2 });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(runs, fates, async (plans, fate) => {
        round += 1;
        table.fate.length = 0;
        table.fate.push(...fate);
        const write = async (pauses: readonly number[], index: number): Promise<void> => {
          const run = opened(`r${round}-${index}`);
          for (const pause of pauses) {
            run.say(String(pause));
            if (pause > 0) await sleep(pause * 2);
          }
          await log.close(run.journal);
          const tail = seqs(run.journal.take());
          const stored = seqs(table.of(run.journal.runId));
          expect(seqs(run.heard)).toEqual(stored);
          expect([...stored, ...tail]).toEqual(pauses.map((_, at) => at + 1));
        };
        await Promise.all(plans.map(write));
      }),
      { numRuns: 8 },
    );
  });
});
