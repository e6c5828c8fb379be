import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { buildConnector, Pool } from 'undici';
import { answerText } from './answer-text.ts';
import { jsonExchange, streamExchange, type Call } from './exchange.ts';
import { fakeModel } from './fake-model.ts';
import { LoadMeter, type LoadFigures } from './load-meter.ts';
import type { LoadTarget } from './load-target.ts';

/** A closed loop: each of `concurrency` clients asks, reads the whole answer and asks again on its kept connection. */
export interface Load {
  readonly model: string;
  readonly stream: boolean;
  readonly concurrency: number;
  /** The clients start evenly over this time. */
  readonly rampMs: number;
  /** Time between the last client's start and the window. */
  readonly warmupMs: number;
  /** Time that is measured. */
  readonly windowMs: number;
}

/** Called at both ends of the window, so that others measure the same time. */
export interface WindowObserver {
  opened(): void;
  closed(): void;
}

export const UNOBSERVED: WindowObserver = { opened: () => undefined, closed: () => undefined };

const REQUEST_TIMEOUT_MS = 30_000;
const DRAIN_MS = 15_000;
const PAUSE_AFTER_ERROR_MS = 100;

/** Drives the load and answers what happened in the window. Answers under way at its end are read to theirs and checked. */
export async function drive(target: LoadTarget, load: Load, observer: WindowObserver): Promise<LoadFigures> {
  const sockets: Socket[] = [];
  const pool = new Pool(target.origin, {
    connections: load.concurrency,
    pipelining: 1,
    connect: countedConnector(sockets),
    headersTimeout: REQUEST_TIMEOUT_MS,
    bodyTimeout: REQUEST_TIMEOUT_MS,
  });
  const meter = new LoadMeter(() => sockets.reduce((sum, socket) => sum + socket.bytesRead, 0));
  const call: Call = {
    dispatcher: pool,
    request: {
      path: target.path,
      method: 'POST',
      headers: { ...target.headers, accept: load.stream ? 'text/event-stream' : 'application/json' },
      body: target.body(load.model, load.stream),
    },
    target,
    expected: answerText(fakeModel(load.model)?.tokens ?? 0),
    meter,
  };
  const exchange = load.stream ? streamExchange : jsonExchange;
  let stopping = false;
  const client = async (startMs: number) => {
    await delay(startMs);
    while (!stopping) {
      if (!(await exchange(call))) await delay(PAUSE_AFTER_ERROR_MS);
    }
  };
  const clients = Promise.all(
    Array.from({ length: load.concurrency }, (_, index) => client((load.rampMs * index) / load.concurrency)),
  );
  await delay(load.rampMs + load.warmupMs);
  meter.open();
  observer.opened();
  await delay(load.windowMs);
  meter.close();
  observer.closed();
  stopping = true;
  await Promise.race([clients, delay(DRAIN_MS, undefined, { ref: false })]);
  await pool.destroy();
  return meter.figures();
}

function countedConnector(sockets: Socket[]): buildConnector.connector {
  const connect = buildConnector({ timeout: REQUEST_TIMEOUT_MS });
  return (options, callback) => {
    connect(options, (...result) => {
      if (result[1]) sockets.push(result[1]);
      callback(...result);
    });
  };
}
