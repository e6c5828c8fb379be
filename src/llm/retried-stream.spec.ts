import type { ChatDelta } from './chat-model.js';
import { modelUnavailable } from './llm.errors.js';
import { retriedStream } from './retried-stream.js';

const POLICY = { maxRetries: 2, firstDelayMs: 1, longestDelayMs: 10 };
const HELLO: ChatDelta = { type: 'text', text: 'Hello' };

describe('retriedStream', () => {
  it('repeats a call that fails before its first delta', async () => {
    const calls = failing(2);
    expect(await all(retriedStream(calls.call, POLICY, new AbortController().signal))).toEqual([[HELLO]]);
    expect(calls.count).toBe(3);
  });

  it('hands over the failure of the last retry', async () => {
    const calls = failing(5);
    await expect(all(retriedStream(calls.call, POLICY, new AbortController().signal))).rejects.toThrow('failure 3');
  });

  it('never repeats a call that has delivered a delta', async () => {
    let count = 0;
    const call = async function* () {
      count++;
      yield [HELLO];
      throw modelUnavailable('broke');
    };
    const seen: unknown[] = [];
    const read = async () => {
      for await (const batch of retriedStream(call, POLICY, new AbortController().signal)) seen.push(batch);
    };
    await expect(read()).rejects.toThrow('broke');
    expect([count, seen]).toEqual([1, [[HELLO]]]);
  });

  it('stops waiting for the next try when it is aborted', async () => {
    const abort = new AbortController();
    const calls = failing(1);
    const reading = all(
      retriedStream(calls.call, { ...POLICY, firstDelayMs: 60_000, longestDelayMs: 60_000 }, abort.signal),
    );
    setTimeout(() => abort.abort(new Error('enough')), 10);
    await expect(reading).rejects.toThrow('enough');
    expect(calls.count).toBe(1);
  });
});

/** A call that fails so many times, then says hello. */
function failing(times: number) {
  const calls = {
    count: 0,
    call: async function* () {
      calls.count++;
      if (calls.count <= times) throw modelUnavailable(`failure ${calls.count}`);
      yield [HELLO];
    },
  };
  return calls;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  return Array.fromAsync(items);
}
