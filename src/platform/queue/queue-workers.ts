import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ServerConfig } from '../config/server.config.js';
import { Lifecycle } from '../health/lifecycle.js';
import { PluginRegistry } from '../plugin/plugin.registry.js';
import type { Broker } from './broker.js';
import { BrokerLink } from './broker-link.js';
import { QueueConfig } from './queue.config.js';
import { QueueHandler, type QueueHandlerOptions, type WorkHandler } from './queue-handler.js';
import { TopicWork } from './topic-work.js';
import { within } from './within.js';

const CONCURRENCY = 10;
/** The queue's library is loaded when the process has begun to listen. */
const OPEN_AFTER_MS = 200;
/** For handlers that are asked to stop. */
const LAST_WORDS_MS = 2_000;

/**
 * Does the work of every topic: at once when the queue tells of it, and every few seconds whatever the tables say is due,
 * so that a queue that was emptied or is away costs time and nothing else. With ROLE=api it does none and keeps the queue
 * open for what this process puts.
 */
@Injectable()
export class QueueWorkers implements OnApplicationBootstrap {
  private readonly logger = new Logger('Queue');
  private topics: readonly TopicWork[] = [];
  private timers: NodeJS.Timeout[] = [];
  private isDraining = false;

  constructor(
    private readonly plugins: PluginRegistry,
    private readonly link: BrokerLink,
    private readonly lifecycle: Lifecycle,
    private readonly config: QueueConfig,
    private readonly server: ServerConfig,
  ) {}

  onApplicationBootstrap(): void {
    const works = this.server.role !== 'api';
    this.topics = works ? this.topicsOfHandlers() : [];
    if (works && this.topics.length === 0) return;
    this.link.onOpen((broker) => this.consume(broker));
    this.lifecycle.onDrain(() => this.drain());
    this.timers = [
      setTimeout(() => this.open(), OPEN_AFTER_MS),
      setInterval(() => this.reconcile(), this.config.reconcileMs),
    ];
  }

  /** @throws Error at start when two handlers have one topic */
  private topicsOfHandlers(): readonly TopicWork[] {
    this.plugins.byName<WorkHandler, QueueHandlerOptions>(QueueHandler, (_, { topic }) => topic);
    return this.plugins
      .find<WorkHandler, QueueHandlerOptions>(QueueHandler)
      .map(({ plugin, options: { topic, concurrency = CONCURRENCY } }) => {
        return new TopicWork(topic, concurrency, plugin, this.logger);
      });
  }

  private consume(broker: Broker): void {
    if (this.isDraining) return;
    for (const topic of this.topics) {
      broker.consume(topic.topic, topic.concurrency, (id) => {
        this.link.reached();
        return topic.run(id);
      });
    }
  }

  private open(): void {
    this.link.broker().catch(() => undefined);
  }

  private reconcile(): void {
    this.open();
    for (const topic of this.topics) void topic.look();
  }

  /** What is being handled may end for SHUTDOWN_TIMEOUT_MS; then it is asked to stop. */
  private async drain(): Promise<void> {
    this.isDraining = true;
    for (const timer of this.timers) clearTimeout(timer);
    const taken = this.takeNoMore();
    const ended = Promise.all(this.topics.map((topic) => topic.end()));
    try {
      await within(this.server.shutdownTimeoutMs, ended);
    } catch {
      for (const topic of this.topics) topic.abort();
      await within(LAST_WORDS_MS, ended).catch(() =>
        this.logger.warn('Some work does not heed the end of the process.'),
      );
    }
    await within(LAST_WORDS_MS, taken).catch((error: unknown) => this.link.missed(error));
  }

  private async takeNoMore(): Promise<void> {
    const broker = await this.link.current?.catch(() => undefined);
    await broker?.drain();
  }
}
