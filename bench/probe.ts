import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import type { ProbeFigures } from './probe-figures.ts';
import { statementCount } from './statement-count.ts';

/**
 * Preloaded into a server under test (`--import`). Answers its figures over the IPC channel when asked, and ends the server
 * when the benchmark goes away. Does nothing in worker threads and in processes without a channel.
 */
const RESOLUTION_MS = 10;
const NS_PER_MS = 1_000_000;

if (isMainThread && process.send && process.channel) observe(process.send.bind(process), process.channel);

function observe(send: NonNullable<typeof process.send>, channel: NonNullable<typeof process.channel>): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let utilization = performance.eventLoopUtilization();

  process.on('message', (question) => {
    if (question === 'probe:reset') {
      delay.reset();
      utilization = performance.eventLoopUtilization();
    }
    if (question === 'probe:read') send({ probe: read() });
  });
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  channel.unref();

  function read(): ProbeFigures {
    return {
      loopLagMs: { p50: lag(delay.percentile(50)), p99: lag(delay.percentile(99)), max: lag(delay.max) },
      loopUtilization: performance.eventLoopUtilization(utilization).utilization,
      ...statementCount,
    };
  }
}

/** The histogram holds whole intervals between two turns of its timer; the lag is what exceeds the timer's period. */
function lag(intervalNs: number): number {
  return Math.max(0, intervalNs / NS_PER_MS - RESOLUTION_MS);
}
