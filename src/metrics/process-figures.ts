import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { round } from './log-histogram.js';

type Monitor = ReturnType<typeof monitorEventLoopDelay>;

const RESOLUTION_MS = 20;
const TURN_MS = 30_000;
/** Below this a share of the processor says nothing. */
const LEAST_MS = 250;

/** What this process takes of its machine. */
@Injectable()
export class ProcessFigures implements OnApplicationBootstrap, OnApplicationShutdown {
  private monitors: readonly Monitor[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** The beginnings of the last two turns: what is told is of 30 to 60 s. */
  private marks = [markNow(), markNow()] as const;

  onApplicationBootstrap(): void {
    this.monitors = [started(), started()];
    this.timer = setInterval(() => this.turn(), TURN_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const monitor of this.monitors) monitor.disable();
  }

  get rssBytes(): number {
    return process.memoryUsage.rss();
  }

  get heapUsedBytes(): number {
    return process.memoryUsage().heapUsed;
  }

  /** Since the start, seconds. */
  get cpuSeconds(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000_000;
  }

  /** 100 is one core all of the time; null in the first moment. */
  get cpuPercent(): number | null {
    const [mark] = this.marks;
    const elapsedMs = performance.now() - mark.at;
    if (elapsedMs < LEAST_MS) return null;
    const { user, system } = process.cpuUsage(mark.usage);
    return round((user + system) / 1_000 / elapsedMs / 0.01);
  }

  /** How late timers are, milliseconds; null while nothing is measured. */
  lagMs(share: number): number | null {
    const monitor = this.monitors[0];
    if (!monitor || monitor.count === 0) return null;
    return round(Math.max(0, monitor.percentile(share * 100) / 1_000_000 - RESOLUTION_MS));
  }

  private turn(): void {
    const [older, newer] = this.monitors;
    older?.disable();
    this.monitors = newer ? [newer, started()] : [started()];
    this.marks = [this.marks[1], markNow()];
  }
}

const markNow = () => ({ at: performance.now(), usage: process.cpuUsage() });

function started(): Monitor {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  monitor.enable();
  return monitor;
}
