import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { buildConnector, Pool } from 'undici';
import { answerText } from './answer-text.ts';
import { jsonExchange, runExchange, streamExchange, type Call } from './exchange.ts';
import { fakeModel } from './fake-model.ts';
import { LoadMeter, type LoadFigures } from './load-meter.ts';
import { runRequest, type LoadTarget } from './load-target.ts';
import type { WorkflowJob } from './workflow-job.ts';

/** A closed loop: each of `concurrency` clients asks, reads the whole answer and asks again on its kept connection. */
export type Load = ChatLoad | RunLoad;

export interface ChatLoad extends Pace {
  readonly model: string;
  readonly stream: boolean;
}

export interface RunLoad extends Pace {
  readonly job: WorkflowJob;
}

interface Pace {
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
  const exchange = exchangeOf(target, load, pool, meter);
  let stopping = false;
  const client = async (startMs: number) => {
    await delay(startMs);
    while (!stopping) {
      if (!(await exchange())) await delay(PAUSE_AFTER_ERROR_MS);
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

/** Whether the target can take the load. */
export const takes = ({ chat, workflows }: LoadTarget, load: Load): boolean =>
  'job' in load ? workflows?.runs(load.job) === true : chat !== undefined;

function exchangeOf(
  { chat, workflows, headers }: LoadTarget,
  load: Load,
  dispatcher: Pool,
  meter: LoadMeter,
): () => Promise<boolean> {
  const call = (path: string, body: string, accept = 'application/json'): Call => ({
    dispatcher,
    request: { path, method: 'POST', headers: { ...headers, accept }, body },
    meter,
  });
  if ('job' in load) {
    if (!workflows) throw new Error('The target runs no workflows.');
    const run = { ...call(workflows.path, runRequest(load.job)), job: load.job };
    return () => runExchange(run);
  }
  const { model, stream } = load;
  if (!chat) throw new Error('The target does not chat.');
  const accept = stream ? 'text/event-stream' : 'application/json';
  const expected = answerText(fakeModel(model)?.tokens ?? 0);
  const turn = { ...call(chat.path, chat.body(model, stream), accept), chat, expected };
  return () => (stream ? streamExchange(turn) : jsonExchange(turn));
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
