import { pluginKind } from '../plugin/plugin.registry.js';

export interface QueueHandlerOptions {
  /** Letters, digits and dashes; the name of its queue. */
  readonly topic: string;
  /** Most ids of the topic this process handles at once. Default 10. */
  readonly concurrency?: number;
}

/** Marks the class that does the work of a topic. */
export const QueueHandler = pluginKind<QueueHandlerOptions>('queue handler');

/**
 * What a class marked with {@link QueueHandler} does. An id may come twice, late, to two processes at once, or when nothing
 * is to be done for it any more: the handler decides by a conditional UPDATE whether the work is its own.
 */
export interface WorkHandler {
  /** `signal` aborts when the process can wait no longer: what is unfinished is left to be due again. A throw is logged, no more. */
  handle(id: string, signal: AbortSignal): Promise<void>;
  /** What the tables say is due now, longest due first, at most `limit` ids. Without it a lost pointer is lost work. */
  due?(limit: number): Promise<readonly string[]>;
}
