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
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const before = openTimers();
    for (let round = 0; round < 50; round += 1) await withinTime(60_000, 'ask', parent.signal, async () => round);
    expect(openTimers()).toBeLessThanOrEqual(before);
    const late = () => sleep(30).then(() => Promise.reject(new Error('late')));
    await expect(withinTime(5, 'ask', parent.signal, late)).rejects.toThrow(/5 ms/);
    await sleep(60);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
