/** Called when due; answers the time in ms until it is due again, or undefined when it is done. */
export type Turn = () => number | undefined;

const SLOTS = 4096;
const TICK_MS = 1;

/**
 * Many repeating deadlines on one timer, to the millisecond. The next deadline counts from the previous one and not from
 * the moment it was served, so that the average pace holds when the process was late. Delays are 1 to 4,095 ms.
 */
export class TimerWheel {
  private readonly slots: Set<Entry>[] = Array.from({ length: SLOTS }, () => new Set());
  private readonly startedAt = performance.now();
  private served = 0;
  private size = 0;
  private timer: NodeJS.Timeout | undefined;

  /** Runs `turn` after `delayMs`, and again as it asks. Answers how to cancel it. */
  add(delayMs: number, turn: Turn): () => void {
    if (this.size === 0) this.served = this.now();
    const entry: Entry = { turn, due: this.now() };
    this.size += 1;
    this.place(entry, delayMs);
    this.timer ??= setInterval(() => this.serve(), TICK_MS);
    return () => this.drop(entry);
  }

  private serve(): void {
    const until = this.now();
    while (this.served < until) {
      this.served += 1;
      const slot = this.slot(this.served);
      for (const entry of slot) {
        if (entry.due > this.served) continue;
        slot.delete(entry);
        const next = entry.turn();
        if (next === undefined) this.forget();
        else this.place(entry, next);
      }
    }
  }

  private place(entry: Entry, delayMs: number): void {
    entry.due += Math.min(SLOTS - 1, Math.max(1, Math.round(delayMs)));
    this.slot(entry.due).add(entry);
  }

  private drop(entry: Entry): void {
    if (this.slot(entry.due).delete(entry)) this.forget();
  }

  private forget(): void {
    this.size -= 1;
    if (this.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private slot(tick: number): Set<Entry> {
    return this.slots[tick % SLOTS] as Set<Entry>;
  }

  private now(): number {
    return Math.floor(performance.now() - this.startedAt);
  }
}

interface Entry {
  readonly turn: Turn;
  due: number;
}
