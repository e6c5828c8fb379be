import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import {
  DataSource,
  type EntityManager,
  type EntityTarget,
  type ObjectLiteral,
  type QueryRunner,
  type Repository,
} from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { databaseFault } from './fault.js';
import { TransactionPlaces } from './transaction-places.js';

/** Connections that transactions leave free: those that run something detached would else wait for each other. */
const SPARE = 2;

interface Ambient {
  readonly client: PoolClient;
  readonly manager: EntityManager;
  readonly afterCommit: (() => void)[];
  /** False once the transaction has ended: work that it started and that goes on is no part of it. */
  isOpen: boolean;
  /** A statement of it failed: PostgreSQL will not commit it. */
  hasFailed: boolean;
}

/**
 * The one way to the database. Statements run in the ambient transaction when there is one, else on their own.
 * Statement texts are constants: they are prepared once per connection under a name derived from the text.
 */
@Injectable()
export class Database implements OnModuleInit {
  private readonly ambient = new AsyncLocalStorage<Ambient | undefined>();
  private readonly names = new Map<string, string>();
  private readonly places: TransactionPlaces;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    const { poolSize = 10, connectTimeoutMS = 5_000 } = dataSource.options as PostgresDataSourceOptions;
    this.places = new TransactionPlaces({ atOnce: Math.max(1, poolSize - SPARE), waitMs: connectTimeoutMS });
  }

  /** Rows of a constant, parameterised statement. */
  async query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const ambient = this.current;
    try {
      const statement = { name: this.nameOf(text), text, values: values as unknown[] };
      return (await (ambient?.client ?? this.pool).query<Row>(statement)).rows;
    } catch (error) {
      if (ambient) ambient.hasFailed = true;
      throw databaseFault(error);
    }
  }

  /** The first row, or undefined. */
  async one<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row | undefined> {
    return (await this.query<Row>(text, values))[0];
  }

  /** A connection that is cut fails what is asked of it; between two statements nobody listens, and the process would end. */
  onModuleInit(): void {
    const heard = new WeakSet<PoolClient>();
    this.pool.on('acquire', (client) => {
      if (!heard.has(client)) client.on('error', () => undefined);
      heard.add(client);
    });
  }

  /** TypeORM's repository of an entity, bound to the ambient transaction. */
  repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Repository<Entity> {
    return (this.current?.manager ?? this.dataSource.manager).getRepository(entity);
  }

  /** Runs `work` in a transaction (READ COMMITTED); joins the ambient one when there is one. Rolls back on any throw. */
  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.current) return work();
    const afterCommit: (() => void)[] = [];
    const result = await this.places.within(() => this.committed(work, afterCommit));
    for (const act of afterCommit) act();
    return result;
  }

  /** Calls `act` once the ambient transaction is committed, at once when there is none. `act` must not throw. */
  afterCommit(act: () => void): void {
    const ambient = this.current;
    if (ambient) ambient.afterCommit.push(act);
    else act();
  }

  /** Runs `work` outside of any ambient transaction, for work that must survive its rollback. */
  detached<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.ambient.run(undefined, work);
  }

  /** The connections of this process: all, those nobody uses, and those who wait for one. */
  get connections(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return { open: totalCount, idle: idleCount, waiting: waitingCount + this.places.waiting };
  }

  /** A connection of its own, for LISTEN. The caller releases it. */
  connect(): Promise<PoolClient> {
    return this.pool.connect();
  }

  private async committed<Result>(work: () => Promise<Result>, afterCommit: (() => void)[]): Promise<Result> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect().catch(refuse)) as PoolClient;
      const ambient = { client, manager: runner.manager, afterCommit, isOpen: true, hasFailed: false };
      await runner.startTransaction().catch(refuse);
      try {
        const result = await this.ambient.run(ambient, work);
        refuseFailed(ambient);
        await runner.commitTransaction().catch(refuse);
        return result;
      } catch (error) {
        if (runner.isTransactionActive)
          await runner.rollbackTransaction().catch((fault: unknown) => discard(runner, fault));
        throw error;
      } finally {
        ambient.isOpen = false;
      }
    } finally {
      await runner.release();
    }
  }

  private get current(): Ambient | undefined {
    const ambient = this.ambient.getStore();
    return ambient?.isOpen ? ambient : undefined;
  }

  private get pool(): Pool {
    return (this.dataSource.driver as unknown as { readonly master: Pool }).master;
  }

  private nameOf(text: string): string {
    let name = this.names.get(text);
    if (name === undefined) {
      name = createHash('sha256').update(text).digest('base64url').slice(0, 22);
      this.names.set(text, name);
    }
    return name;
  }
}

/** A connection that cannot even roll back must not be given to anybody else. */
function discard(runner: QueryRunner, fault: unknown): void {
  void (runner as unknown as { releasePostgresConnection(error: unknown): Promise<void> }).releasePostgresConnection(
    fault,
  );
}

const refuse = (error: unknown): never => {
  throw databaseFault(error);
};

/**
 * PostgreSQL answers the COMMIT of a transaction with a failed statement with a rollback and no error. The connection's
 * own status tells of statements made by TypeORM, but only once the server's last word on them has arrived.
 */
function refuseFailed({ hasFailed, client }: Ambient): void {
  if (hasFailed || client.getTransactionStatus() === 'E')
    throw new Error('A statement of the transaction failed: nothing of it is stored.');
}
