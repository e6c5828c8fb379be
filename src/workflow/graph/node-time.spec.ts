import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTimeLimit } from '../workflow.errors.js';
import { Problem } from '../../platform/problem/problem.js';
import { withinTime } from './node-time.js';

const never = () => new Promise<never>(() => undefined);
const openTimers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('the time of a node', () => {
  let parent: AbortController;

  beforeEach(() => {
    parent = new AbortController();
  });
  afterEach(() => {
    expect(getEventListeners(parent.signal, 'abort')).toEqual([]);
  });

  it('does not matter to work that ends within it', async () => {
    await expect(withinTime(10_000, 'ask', parent.signal, async () => 'done')).resolves.toBe('done');
    await expect(
      withinTime(10_000, 'ask', parent.signal, () => Promise.reject(new Error('own fault'))),
    ).rejects.toThrow('own fault');
  });

  it('ends work that takes longer, with a problem that names the node, the limit and how to raise it', async () => {
    const error: unknown = await withinTime(20, 'ask', parent.signal, never).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(Problem);
    expect(isTimeLimit(error as Problem)).toBe(true);
    expect(error).toMatchObject({ extensions: { limit: 'nodeTimeoutMs', value: 20 } });
    expect((error as Problem).detail).toMatch(/Node "ask".*20 ms.*NODE_TIMEOUT_MS/);
  });

  it('tells the work by its signal', async () => {
    let reason: unknown;
    const work = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          reject(new Error('noticed'));
        });
      });
    await expect(withinTime(20, 'ask', parent.signal, work)).rejects.toThrow();
    expect(reason).toBeInstanceOf(Problem);
  });

  it('stops what goes on after the work has failed, and fails as the work did', async () => {
    const fault = new Error('own fault');
    let part: AbortSignal | undefined;
    const work = async (signal: AbortSignal): Promise<never> => {
      part = signal;
      void sleep(10_000, undefined, { signal }).catch(() => undefined);
      throw fault;
    };
    await expect(withinTime(10_000, 'ask', parent.signal, work)).rejects.toBe(fault);
    expect([part?.aborted, part?.reason]).toEqual([true, fault]);
  });

  it('leaves the signal of work that has succeeded alone', async () => {
    const signal = await withinTime(10_000, 'ask', parent.signal, async (given) => given);
    expect(signal.aborted).toBe(false);
  });

  it('ends at once when the run ends, for the reason of the run', async () => {
    const reason = new Error('The run was cancelled.');
    let isAborted = false;
    const pending = withinTime(10_000, 'ask', parent.signal, (signal) => {
      signal.addEventListener('abort', () => (isAborted = true));
      return never();
    });
    parent.abort(reason);
    await expect(pending).rejects.toBe(reason);
    expect(isAborted).toBe(true);
  });

  it('does not begin when the run has ended', async () => {
    parent.abort(new Error('The run was cancelled.'));
    let hasBegun = false;
    const work = async () => {
      hasBegun = true;
    };
    await expect(withinTime(10_000, 'ask', parent.signal, work)).rejects.toThrow('The run was cancelled.');
    expect(hasBegun).toBe(false);
  });

  it('leaves neither a timer nor an unhandled error behind', async () => {
    const before = openTimers();
    for (let round = 0; round < 50; round += 1) await withinTime(60_000, 'ask', parent.signal, async () => round);
    expect(openTimers()).toBeLessThanOrEqual(before);
    const late = () => sleep(30).then(() => Promise.reject(new Error('late')));
    await expect(withinTime(5, 'ask', parent.signal, late)).rejects.toThrow(/5 ms/);
    // An unhandled rejection fails the test.
    await sleep(60);
  });

  it('stands still while its clock is stopped, until the last of those who stopped it goes on', async () => {
    const result = withinTime(80, 'ask', parent.signal, async (_, clock) => {
      await Promise.all([clock.stoppedFor(() => sleep(10)), clock.stoppedFor(() => sleep(250))]);
      return 'done';
    });
    await expect(result).resolves.toBe('done');
  });

  it('goes on with what was left of it when its clock does, also after a wait that failed', async () => {
    const late = withinTime(60, 'ask', parent.signal, async (_, clock) => {
      await clock.stoppedFor(() => Promise.reject(new Error('denied'))).catch(() => undefined);
      return never();
    });
    await expect(late).rejects.toMatchObject({ extensions: { limit: 'nodeTimeoutMs', value: 60 } });
  });

  it('names the limit, not what was left of it', async () => {
    const late = withinTime(3_600_000, 'ask', parent.signal, never, 20);
    await expect(late).rejects.toMatchObject({ extensions: { value: 3_600_000 } });
  });

  it('has no open timer once the work has ended, whoever goes on later', async () => {
    const before = openTimers();
    const door = Promise.withResolvers<void>();
    let waiting: Promise<unknown> | undefined;
    await withinTime(60_000, 'ask', parent.signal, async (_, clock) => {
      waiting = clock.stoppedFor(() => door.promise);
    });
    door.resolve();
    await waiting;
    expect(openTimers()).toBe(before);
  });
});
