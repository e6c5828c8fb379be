import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Most values of a label that callers have a say in; further ones are counted as `other`. */
const MOST_VALUES = 100;

/** What is measured of this process, for Prometheus: each application has its own. Nothing in it names a workspace. */
export class Meters {
  readonly registry = new Registry();
  private readonly known = new Map<string, Set<string>>();

  /** Seconds. */
  duration<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: readonly number[],
  ): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [this.registry] });
  }

  /** What `ask` answers when somebody looks; left out while that is undefined. */
  gauge(name: string, help: string, ask: () => number | undefined | Promise<number | undefined>): void {
    async function collect(this: Gauge): Promise<void> {
      const value = await ask();
      if (value === undefined) this.remove();
      else this.set(value);
    }
    this.registry.registerMetric(new Gauge({ name, help, collect, registers: [] }));
  }

  /** The same for what only grows. */
  counter(name: string, help: string, ask: () => number): void {
    function collect(this: Counter): void {
      this.reset();
      this.inc(ask());
    }
    this.registry.registerMetric(new Counter({ name, help, collect, registers: [] }));
  }

  /** The value itself, as long as the label has not had too many others. */
  bounded(label: string, value: string): string {
    const values = this.known.get(label) ?? new Set<string>();
    this.known.set(label, values);
    if (values.has(value)) return value;
    if (values.size >= MOST_VALUES) return 'other';
    values.add(value);
    return value;
  }
}
