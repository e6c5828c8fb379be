import type { Transport } from '@modelcontextprotocol/client';

interface FloodLimits {
  /** Most messages of any one window. */
  readonly messages: number;
  readonly windowMs: number;
}

const LIMITS: FloodLimits = { messages: 2_000, windowMs: 10_000 };

/** A server that sends more than anybody can have asked for. */
export class FloodError extends Error {
  constructor() {
    super('It sends more messages than are accepted.');
  }
}

/** The same transport, which closes itself when messages come faster than the limits allow. */
export function withFloodGuard<Guarded extends Transport>(
  transport: Guarded,
  now: () => number,
  { messages, windowMs }: FloodLimits = LIMITS,
): Guarded {
  let windowBegan = now();
  let count = 0;
  const isWithinLimits = (): boolean => {
    if (now() - windowBegan >= windowMs) {
      windowBegan = now();
      count = 0;
    }
    return ++count <= messages;
  };
  const guarded = (listener: Listener): Listener =>
    isGuarded(listener)
      ? listener
      : guardOf((message, extra) => {
          if (isWithinLimits()) return listener(message, extra);
          if (count !== messages + 1) return undefined;
          transport.onerror?.(new FloodError());
          return void transport.close();
        });
  let current: Listener | undefined;
  Object.defineProperty(transport, 'onmessage', {
    configurable: true,
    get: () => current,
    set(listener: Listener | undefined) {
      current = listener && guarded(listener);
    },
  });
  return transport;
}

type Listener = NonNullable<Transport['onmessage']>;

/** The SDK puts back listeners that it has taken away: they are counted once. */
const GUARDED = new WeakSet<Listener>();

const isGuarded = (listener: Listener): boolean => GUARDED.has(listener);

function guardOf(listener: Listener): Listener {
  GUARDED.add(listener);
  return listener;
}
