/** Where work is to be found in the tables, and from when on. */
export interface Pointer {
  readonly topic: string;
  readonly id: string;
  /** Milliseconds since the epoch; not in the future: at once. */
  readonly at: number;
}

/** Brings pointers to processes. May lose, repeat and delay them. */
export interface Broker {
  /** Pointers with the same future time are one. @throws when it cannot be stored now */
  put(pointer: Pointer): Promise<void>;
  /** Has `handle`, which never rejects, called with the ids put under a topic, by this or another process. */
  consume(topic: string, concurrency: number, handle: (id: string) => Promise<void>): void;
  /** Takes no more; resolves when what was taken is handled. Pointers can still be put. */
  drain(): Promise<void>;
  /** Whether it answers. @throws when it does not */
  ping(): Promise<void>;
  close(): Promise<void>;
}
