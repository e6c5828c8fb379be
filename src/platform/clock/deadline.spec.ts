import { jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilAborted, withinDeadline } from './deadline.js';

const never = new Promise<never>(() => undefined);
const late = () => new Error('late');

describe('work that may be aborted', () => {
  it('gives its result, or its own error', async () => {
    const { signal } = new AbortController();
    await expect(untilAborted(signal, Promise.resolve(1))).resolves.toBe(1);
    await expect(untilAborted(signal, Promise.reject(new Error('own')))).rejects.toThrow('own');
  });

  it('is left when the signal is aborted, whether it notices or not', async () => {
    const controller = new AbortController();
    const work = untilAborted(controller.signal, never);
    controller.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
  });

  it('does not count when the signal was aborted before', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(untilAborted(signal, Promise.resolve(1))).rejects.toThrow('enough');
  });

  it('may fail after it was left', async () => {
    const controller = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const work = untilAborted(controller.signal, promise);
    controller.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
    reject(new Error('unheard'));
    await sleep(0);
  });
});

describe('a deadline', () => {
  const { signal } = new AbortController();

  it('gives the result of work that is done in time', async () => {
    await expect(withinDeadline(5_000, signal, late, async () => 'done')).resolves.toBe('done');
  });

  it('aborts the work and fails when the time is over', async () => {
    let seen: unknown;
    const work = (inner: AbortSignal) => {
      inner.addEventListener('abort', () => (seen = inner.reason));
      return never;
    };
    await expect(withinDeadline(20, signal, late, work)).rejects.toThrow('late');
    expect(seen).toEqual(new Error('late'));
  });

  it('says so also of work that notices', async () => {
    const work = (inner: AbortSignal) => sleep(60_000, undefined, { signal: inner });
    await expect(withinDeadline(20, signal, late, work)).rejects.toThrow('late');
  });

  it('passes an abort on with its reason', async () => {
    const controller = new AbortController();
    const inner = withinDeadline(60_000, controller.signal, late, async (given) => {
      controller.abort(new Error('enough'));
      await sleep(60_000, undefined, { signal: given });
    });
    await expect(inner).rejects.toThrow('enough');
  });

  it('does not begin work that is aborted already', async () => {
    const work = jest.fn(async () => 1);
    await expect(withinDeadline(5_000, AbortSignal.abort(new Error('enough')), late, work)).rejects.toThrow('enough');
    expect(work).not.toHaveBeenCalled();
  });
});
