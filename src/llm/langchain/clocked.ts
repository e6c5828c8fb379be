import type { CallLimits } from '../wire/upstream-call.js';
import { tooSlow, type Upstream } from '../wire/upstream-failure.js';

export type Clocks = Pick<CallLimits, 'firstTokenTimeoutMs' | 'idleTimeoutMs'>;

/**
 * The items of a foreign stream under our clocks and our signal, also when the stream itself heeds neither. `open` gets
 * the signal that ends it. @throws the request signal's reason, or `model-timeout`
 */
export async function* clocked<Item>(
  open: (signal: AbortSignal) => Promise<AsyncIterable<Item>>,
  request: AbortSignal,
  clocks: Clocks,
  upstream: Upstream,
): AsyncGenerator<Item> {
  request.throwIfAborted();
  const own = new AbortController();
  const signal = AbortSignal.any([request, own.signal]);
  const ended = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
  ended.catch(() => undefined);
  const within = async <Result>(
    milliseconds: number,
    what: 'first token' | 'next token',
    work: Promise<Result>,
  ): Promise<Result> => {
    const timer = setTimeout(() => own.abort(tooSlow(upstream, what, milliseconds)), milliseconds);
    try {
      return await Promise.race([work, ended]);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  };

  try {
    const first = open(signal).then(async (stream) => {
      const iterator = stream[Symbol.asyncIterator]();
      return { iterator, result: await iterator.next() };
    });
    first.catch(() => undefined);
    const opened = await within(clocks.firstTokenTimeoutMs, 'first token', first);
    for (
      let { result } = opened;
      !result.done;
      result = await within(clocks.idleTimeoutMs, 'next token', opened.iterator.next())
    )
      yield result.value;
  } finally {
    own.abort(new Error('The answer is not wanted any more.'));
  }
}
