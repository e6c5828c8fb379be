import { Injectable, Logger } from '@nestjs/common';
import { resolve } from 'node:path';
import { ServerConfig } from '../config/server.config.js';
import type { Connection } from './data-source-options.js';
import { DatabaseConfig } from './database.config.js';
import type { EmbeddedPostgres } from './embedded/embedded-postgres.js';

/** The process's own PostgreSQL, when no DATABASE_URL names another. */
@Injectable()
export class EmbeddedDatabase {
  private readonly logger = new Logger('EmbeddedDatabase');
  private server: EmbeddedPostgres | undefined;
  private connecting: Promise<Connection> | undefined;

  constructor(
    private readonly config: ServerConfig,
    private readonly database: DatabaseConfig,
  ) {}

  get isUsed(): boolean {
    return this.database.url === undefined;
  }

  /** Where to connect; starts the embedded server first when it is the one to use. */
  connection(): Promise<Connection> {
    this.connecting ??= this.connect();
    return this.connecting;
  }

  /** Stops the embedded server once every connection of ours is closed. */
  async stop(): Promise<void> {
    await this.server?.stop();
    this.server = undefined;
  }

  private async connect(): Promise<Connection> {
    if (this.database.url !== undefined) return { url: this.database.url };
    const { startEmbeddedPostgres } = await import('./embedded/embedded-postgres.js');
    this.server = await startEmbeddedPostgres({ dataDir: resolve(this.config.dataDir), log: this.log });
    const { host, port, user, database } = this.server.connection;
    return { host, port, username: user, database };
  }

  private readonly log = {
    info: (message: string): void => this.logger.log(message),
    warn: (message: string): void => this.logger.warn(message),
  };
}
