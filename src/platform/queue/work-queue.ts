import { Injectable } from '@nestjs/common';
import { BrokerLink } from './broker-link.js';
import { within } from './within.js';

const PATIENCE_MS = 2_000;

/** When the work is due: at a time, or after a while; at once when neither is given. */
export interface Due {
  readonly at?: Date;
  readonly delayMs?: number;
}

/**
 * Tells the processes that something in the tables is to be done. The tables are the truth: put a pointer once the
 * transaction that stored the work is committed (`Database.afterCommit`), and whether it is delivered or not is a matter
 * of seconds. Work put twice is delivered once or twice.
 */
@Injectable()
export class WorkQueue {
  constructor(private readonly link: BrokerLink) {}

  /** Never rejects: false when the pointer is lost, and the topic's handler will find the work by itself. */
  async put(topic: string, id: string, { at, delayMs = 0 }: Due = {}): Promise<boolean> {
    const time = at?.getTime() ?? Date.now() + delayMs;
    try {
      const broker = await within(PATIENCE_MS, this.link.broker());
      await within(PATIENCE_MS, broker.put({ topic, id, at: time }));
      this.link.reached();
      return true;
    } catch (error) {
      this.link.missed(error);
      return false;
    }
  }
}
