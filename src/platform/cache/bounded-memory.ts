import type { KeyvStoreAdapter } from 'keyv';

interface Bounds {
  readonly maxEntries: number;
  /** Of keys and values together, in UTF-8. */
  readonly maxBytes: number;
  /** Told of each entry that is dropped for want of room. */
  readonly onEvicted?: (key: string) => void;
}

/** A store in memory for Keyv: what was read or written longest ago goes first when there is no more room. */
export class BoundedMemory implements KeyvStoreAdapter {
  readonly opts = {};
  namespace: string | undefined;
  private readonly entries = new Map<string, { readonly value: string; readonly bytes: number }>();
  private bytes = 0;

  constructor(private readonly bounds: Bounds) {}

  get size(): number {
    return this.entries.size;
  }

  get usedBytes(): number {
    return this.bytes;
  }

  /** The keys that begin so. */
  countOf(prefix: string): number {
    if (prefix === '') return this.entries.size;
    let count = 0;
    for (const key of this.entries.keys()) if (key.startsWith(prefix)) count += 1;
    return count;
  }

  /** Drops the keys that begin so. */
  forget(prefix: string): void {
    for (const key of this.entries.keys()) if (key.startsWith(prefix)) this.drop(key);
  }

  async get<Value>(key: string): Promise<Value | undefined> {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value as Value;
  }

  async set(key: string, value: string): Promise<boolean> {
    this.drop(key);
    const bytes = Buffer.byteLength(key) + Buffer.byteLength(value);
    if (bytes > this.bounds.maxBytes) return false;
    this.entries.set(key, { value, bytes });
    this.bytes += bytes;
    while (this.entries.size > this.bounds.maxEntries || this.bytes > this.bounds.maxBytes) this.evictOldest();
    return true;
  }

  async delete(key: string): Promise<boolean> {
    return this.drop(key);
  }

  async clear(): Promise<void> {
    this.entries.clear();
    this.bytes = 0;
  }

  on(): this {
    return this;
  }

  private evictOldest(): void {
    const [oldest] = this.entries.keys();
    if (oldest === undefined) return;
    this.drop(oldest);
    this.bounds.onEvicted?.(oldest);
  }

  private drop(key: string): boolean {
    const entry = this.entries.get(key);
    if (!entry) return false;
    this.bytes -= entry.bytes;
    return this.entries.delete(key);
  }
}
