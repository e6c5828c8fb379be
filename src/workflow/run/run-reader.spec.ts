import { jest } from '@jest/globals';
import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { StreamInterrupted } from '../../platform/http/event-stream.js';
import type { EventRepository } from './event.repository.js';
import type { LoggedEvent, RunEventType } from './run-event.js';
import { RunFeed } from './run-feed.js';
import { RunReader } from './run-reader.js';

const RUN = 'r';
const event = (seq: number, type: RunEventType = 'note', data = `{"seq":${seq}}`): LoggedEvent => ({ seq, type, data });

/** The log's table: what is committed can be read, after as many turns of the event loop as a test says. */
class Log {
  readonly events: LoggedEvent[] = [];
  reads = 0;
  isKept = true;
  slowness: () => number = () => 0;

  readonly repository = {
    read: async (runId: string, after: number, limit: number) => {
      this.reads += 1;
      expect(runId).toBe(RUN);
      const page = this.events.filter(({ seq }) => seq > after).slice(0, limit);
      for (let turns = this.slowness(); turns > 0; turns -= 1) await Promise.resolve();
      return page;
    },
    isKept: async () => this.isKept,
  } as unknown as EventRepository;

  commit(...events: readonly LoggedEvent[]): void {
    this.events.push(...events);
  }
}

const numbers = (batches: readonly (readonly LoggedEvent[])[]): number[] => batches.flat().map(({ seq }) => seq);
const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('reading a run', () => {
  let log: Log;
  let feed: RunFeed;
  let reader: RunReader;

  beforeEach(() => {
    jest.useFakeTimers();
    log = new Log();
    feed = new RunFeed();
    reader = new RunReader(log.repository, feed);
  });
  afterEach(() => {
    expect(feed.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  /** Reads to the end in the background. */
  function follow(options: Parameters<RunReader['follow']>[1]) {
    const batches: (readonly LoggedEvent[])[] = [];
    const events = reader.follow(RUN, options);
    const done = (async () => {
      for await (const batch of events) batches.push(batch);
    })();
    return { batches, done };
  }

  const commitAndTell = (...events: readonly LoggedEvent[]): void => {
    log.commit(...events);
    feed.publish(RUN, events);
  };

  it('gives a finished log in pages, to its end', async () => {
    log.commit(...upTo(1_200).map((seq) => event(seq)), event(1_201, 'complete'));
    const { batches, done } = follow({ after: 0 });
    await done;
    expect(numbers(batches)).toEqual(upTo(1_201));
    expect(batches.length).toBeGreaterThan(1);
    expect(log.reads).toBe(batches.length);
  });

  it('gives what follows the reader’s last event', async () => {
    log.commit(event(1), event(2), event(3), event(4, 'error'));
    const { batches, done } = follow({ after: 2 });
    await done;
    expect(numbers(batches)).toEqual([3, 4]);
  });

  it('goes on with what is committed later, without asking the log again', async () => {
    feed.begin(RUN);
    log.commit(event(1));
    const { batches, done } = follow({ after: 0 });
    await jest.advanceTimersByTimeAsync(10);
    commitAndTell(event(2), event(3));
    await jest.advanceTimersByTimeAsync(10);
    expect(numbers(batches)).toEqual([1, 2, 3]);
    commitAndTell(event(4, 'complete'));
    await done;
    expect([numbers(batches), log.reads]).toEqual([[1, 2, 3, 4], 1]);
  });

  it('hears what is committed between the call and the first reading', async () => {
    const events = reader.follow(RUN, { after: 0, known: [event(1)] });
    log.commit(event(1));
    commitAndTell(event(2, 'complete'));
    const batches: (readonly LoggedEvent[])[] = [];
    for await (const batch of events) batches.push(batch);
    expect([numbers(batches), log.reads]).toEqual([[1, 2], 0]);
  });

  it('looks at the log of a run that another process executes, several times a second', async () => {
    const { batches, done } = follow({ after: 0 });
    await jest.advanceTimersByTimeAsync(10);
    log.commit(event(1), event(2, 'complete'));
    await jest.advanceTimersByTimeAsync(250);
    await done;
    expect(numbers(batches)).toEqual([1, 2]);
  });

  it('finds what it was not told of also for a run of this process, within seconds', async () => {
    feed.begin(RUN);
    const { batches, done } = follow({ after: 0 });
    await jest.advanceTimersByTimeAsync(10);
    log.commit(event(1, 'complete'));
    await jest.advanceTimersByTimeAsync(5_100);
    await done;
    expect(numbers(batches)).toEqual([1]);
  });

  it.each([
    ['a hole before what it hears', [[3]]],
    ['a hole within what it hears', [[1, 3]]],
    ['what it hears in another order', [[3], [2], [1]]],
    ['a hole that is filled too late', [[1, 3], [2]]],
    ['what it hears twice', [[1, 2, 2, 1], [2], [1, 2, 3]]],
  ])('fills %s from the log', async (_, hints) => {
    feed.begin(RUN);
    const { batches, done } = follow({ after: 0 });
    await jest.advanceTimersByTimeAsync(10);
    log.commit(event(1), event(2), event(3));
    for (const seqs of hints)
      feed.publish(
        RUN,
        seqs.map((seq) => event(seq)),
      );
    await jest.advanceTimersByTimeAsync(10);
    expect(numbers(batches)).toEqual([1, 2, 3]);
    commitAndTell(event(4, 'complete'));
    await done;
    expect(numbers(batches)).toEqual([1, 2, 3, 4]);
  });

  it('gives exactly the log, whatever is lost, doubled or reordered on the way and however slow anything is', async () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant('commit' as const), count: fc.integer({ min: 1, max: 4 }), isTold: fc.boolean() }),
      fc.record({
        kind: fc.constant('tell' as const),
        from: fc.nat(30),
        count: fc.integer({ min: 1, max: 6 }),
        isReversed: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 150, 300) }),
      fc.record({ kind: fc.constant('own' as const), isOwn: fc.boolean() }),
    );
    const scenario = fc.record({
      before: fc.nat(6),
      after: fc.nat(8),
      acts: fc.array(act, { maxLength: 25 }),
      isLastTold: fc.boolean(),
      slowness: fc.array(fc.nat(6), { minLength: 1, maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ before, after, acts, isLastTold, slowness }) => {
        log = new Log();
        reader = new RunReader(log.repository, feed);
        log.slowness = () => slowness[log.reads % slowness.length]!;
        const commit = (count: number, type: RunEventType = 'note') => {
          const first = log.events.length + 1;
          const events = upTo(first + count - 1, first).map((seq) => event(seq, type));
          log.commit(...events);
          return events;
        };
        commit(before);
        const start = Math.min(after, before);
        const leave = new AbortController();
        const { batches, done } = follow({ after: start, signal: leave.signal });
        const ended = done.catch(() => 'not ended');
        for (const step of acts) {
          switch (step.kind) {
            case 'commit': {
              const events = commit(step.count);
              if (step.isTold) feed.publish(RUN, events);
              break;
            }
            case 'tell': {
              const known = log.events.slice(step.from, step.from + step.count);
              feed.publish(RUN, step.isReversed ? known.toReversed() : known);
              break;
            }
            case 'wait':
              await jest.advanceTimersByTimeAsync(step.ms);
              break;
            case 'own':
              if (step.isOwn) feed.begin(RUN);
              else feed.end(RUN);
          }
        }
        const last = commit(1, 'complete');
        if (isLastTold) feed.publish(RUN, last);
        await jest.advanceTimersByTimeAsync(6_000);
        leave.abort();
        feed.end(RUN);
        expect(await ended).toBeUndefined();
        expect(batches.flat()).toEqual(log.events.slice(start));
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps no more than a bounded text for a reader that takes its time, and loses nothing by it', async () => {
    feed.begin(RUN);
    const events = reader.follow(RUN, { after: 0 });
    log.commit(event(1));
    expect((await events.next()).value).toEqual([event(1)]);
    for (let seq = 2; seq <= 200; seq += 1) commitAndTell(event(seq, 'token', 'x'.repeat(10_000)));
    commitAndTell(event(201, 'complete'));
    const batches: (readonly LoggedEvent[])[] = [];
    const reads = log.reads;
    for await (const batch of events) batches.push(batch);
    expect(numbers(batches)).toEqual(upTo(201, 2));
    expect(log.reads).toBeGreaterThan(reads);
  });

  it('ends at once, for its reason, when the reader leaves', async () => {
    const controller = new AbortController();
    feed.begin(RUN);
    const { done } = follow({ after: 0, signal: controller.signal });
    await jest.advanceTimersByTimeAsync(10);
    const failed = expect(done).rejects.toThrow('The client left.');
    controller.abort(new Error('The client left.'));
    await failed;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('does not wait for a reader that has left before it began', async () => {
    const { done } = follow({ after: 0, signal: AbortSignal.abort(new Error('The client left.')) });
    await expect(done).rejects.toThrow('The client left.');
  });

  it('is interrupted by a shutdown, also when it begins after it, but gives first what the log has', async () => {
    const early = follow({ after: 0 });
    await jest.advanceTimersByTimeAsync(10);
    const interrupted = expect(early.done).rejects.toBeInstanceOf(StreamInterrupted);
    log.commit(event(1));
    reader.interrupt();
    await interrupted;
    const late = follow({ after: 0 });
    await expect(late.done).rejects.toBeInstanceOf(StreamInterrupted);
    expect(numbers(late.batches)).toEqual([1]);
  });

  it('says that the run was removed, when it was', async () => {
    const { done } = follow({ after: 0 });
    const failed = expect(done).rejects.toMatchObject({ status: 404 });
    log.isKept = false;
    await jest.advanceTimersByTimeAsync(10_000);
    await failed;
  });

  it('leaves nothing behind when it is given up', async () => {
    log.commit(event(1));
    const events = reader.follow(RUN, { after: 0 });
    await events.next();
    expect(feed.size).toBe(1);
    await events.return();
    expect(feed.size).toBe(0);
  });

  it('leaves nothing behind when it is given up before its first event', async () => {
    const { signal } = new AbortController();
    const interrupted = (reader as unknown as { interrupted: AbortController }).interrupted.signal;
    const events = reader.follow(RUN, { after: 0, signal });
    const listeners = () => [signal, interrupted].map((one) => getEventListeners(one, 'abort').length);
    expect([feed.size, listeners()]).toEqual([1, [1, 1]]);
    await events.return();
    expect([feed.size, listeners()]).toEqual([0, [0, 0]]);
  });

  it('passes on that the log cannot be read', async () => {
    log.repository.read = () => Promise.reject(new Error('away'));
    await expect(follow({ after: 0 }).done).rejects.toThrow('away');
  });
});
