import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from '../database/database.js';
import { DatabaseConfig } from '../database/database.config.js';
import { EmbeddedDatabase } from '../database/embedded-database.js';
import { withoutRequest } from '../http/request-context.js';
import type { Broker } from './broker.js';
import { BullBroker, type BullStore } from './bull-broker.js';
import { QueueConfig } from './queue.config.js';

const RETRY_MS = 1_000;

/** The process's broker, opened when it is first asked for and anew when it was lost. */
@Injectable()
export class BrokerLink implements OnApplicationShutdown {
  private readonly logger = new Logger('Queue');
  private opening: Promise<Broker> | undefined;
  private whenOpen: (broker: Broker) => void = () => undefined;
  private isAway = false;
  private isClosed = false;

  constructor(
    private readonly config: QueueConfig,
    private readonly databaseConfig: DatabaseConfig,
    private readonly embedded: EmbeddedDatabase,
    private readonly database: Database,
  ) {}

  /** Whom to give every broker that is opened, before anybody else has it. */
  onOpen(listener: (broker: Broker) => void): void {
    this.whenOpen = listener;
  }

  /** @throws when it cannot be opened; the next call a second later tries again */
  broker(): Promise<Broker> {
    this.opening ??= withoutRequest(() => this.database.detached(() => this.open()));
    return this.opening;
  }

  /** The broker, unless none was asked for yet. */
  get current(): Promise<Broker> | undefined {
    return this.opening;
  }

  /** Tells of a failure of the queue, once until it works again. */
  missed(error: unknown): void {
    if (this.isAway || this.isClosed) return;
    this.isAway = true;
    this.logger.warn(
      `The queue fails; due work is found in the tables every ${this.config.reconcileMs} ms: ${messageOf(error)}`,
    );
  }

  reached(): void {
    if (this.isAway) this.logger.log('The queue works again.');
    this.isAway = false;
  }

  async onApplicationShutdown(): Promise<void> {
    this.isClosed = true;
    const broker = await this.opening?.catch(() => undefined);
    await broker?.close();
  }

  private async open(): Promise<Broker> {
    try {
      if (this.isClosed) throw new Error('The process shuts down.');
      const bull = await import('bullmq');
      const broker: Broker = new BullBroker(bull, await this.store(bull), {
        onError: (error) => this.missed(error),
        onGone: () => this.drop(broker),
      });
      this.whenOpen(broker);
      return broker;
    } catch (error) {
      this.missed(error);
      setTimeout(() => (this.opening = undefined), RETRY_MS).unref();
      throw error;
    }
  }

  private async store(bull: typeof import('bullmq')): Promise<BullStore> {
    const { redisUrl, prefix } = this.config;
    if (redisUrl !== undefined) {
      const { redisStore } = await import('./redis-store.js');
      return redisStore(bull, redisUrl, prefix);
    }
    const { postgresStore } = await import('./postgres-store.js');
    return postgresStore(bull, {
      connection: await this.embedded.connection(),
      schema: schemaBeside(this.databaseConfig.schema),
      statementTimeoutMs: this.databaseConfig.statementTimeoutMs,
    });
  }

  /** Lets go of a broker whose store was emptied under it; the next one makes the store anew. */
  private drop(broker: Broker): void {
    const dropped = this.opening;
    const letGo = async (current: Broker): Promise<void> => {
      if (current !== broker || this.opening !== dropped) return;
      this.opening = undefined;
      await broker.close();
    };
    dropped?.then(letGo).catch((error: unknown) => this.missed(error));
  }
}

/** BullMQ's schema: not the application's, whose tables have the same names. */
const schemaBeside = (schema: string): string => (schema === 'public' ? 'bullmq' : `${schema.slice(0, 56)}_bullmq`);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
