import { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import type { Address } from './postmaster.js';

/** Advisory lock of the maintenance database: shared by the processes that use the server, exclusive to shut it down. */
const LOCK = 7_262_001;

/** How long the server may take to notice that a killed process's claim, or a connection, is gone. */
const CLAIM_LINGER_MS = 500;
const CLIENT_LINGER_MS = 2_000;

const LOCKED = 'select pg_try_advisory_lock($1) as holds';
const ALONE = `
  select count(*) = 0 as holds
    from pg_stat_activity
   where backend_type = 'client backend' and pid <> pg_backend_pid()`;

/** Letters beyond ASCII have case, and order is that of code points on every machine. */
const CREATE_DATABASE = `
  create database chatter
    template template0 encoding 'UTF8' locale 'C' locale_provider builtin builtin_locale 'C.UTF-8'`;

/**
 * A process's claim on the server: a connection with a shared lock, kept for as long as the process needs the server.
 * It ends with the process, however that ends, so the claims there are belong to living processes.
 */
export class Claim {
  /** Settles when the connection breaks before the claim is given up. */
  readonly lost: Promise<void>;
  isLost = false;
  private isGivenUp = false;

  private constructor(
    private readonly client: Client,
    private readonly socket: Socket,
  ) {
    this.lost = new Promise((resolve) => {
      client.once('end', () => {
        if (this.isGivenUp) return;
        this.isLost = true;
        resolve();
      });
    });
  }

  /**
   * Connects and claims. A claim does not keep the process alive.
   * @throws the connection's error, also when the server is just being shut down
   */
  static async take({ host, port }: Address): Promise<Claim> {
    const socket = new Socket();
    const client = new Client({
      stream: () => socket,
      host,
      port,
      user: 'postgres',
      password: '',
      database: 'postgres',
      ssl: false,
      application_name: 'chatter launcher',
      connectionTimeoutMillis: 5_000,
      query_timeout: 30_000,
    });
    const claim = new Claim(client, socket);
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select pg_advisory_lock_shared($1)', [LOCK]);
    } catch (error) {
      claim.isGivenUp = true;
      await client.end().catch(() => undefined);
      throw error;
    }
    socket.unref();
    return claim;
  }

  /** Makes the database `chatter` unless it exists; other processes may do the same at the same time. */
  async ensureDatabase(): Promise<void> {
    const { rowCount } = await this.client.query(`select from pg_database where datname = 'chatter'`);
    if (rowCount) return;
    try {
      await this.client.query(CREATE_DATABASE);
    } catch (error) {
      const isMadeMeanwhile = ['42P04', '23505'].includes((error as { code?: string }).code ?? '');
      if (!isMadeMeanwhile) throw error;
    }
  }

  /**
   * Gives the claim up. When no other process has one and no other connection is open (those just closed linger a moment),
   * `last` is called, during which nobody can claim.
   * @returns whether it was the last
   * @throws when the server does not answer
   */
  async giveUp(last?: () => Promise<unknown>): Promise<boolean> {
    this.isGivenUp = true;
    this.socket.ref();
    try {
      await this.client.query('select pg_advisory_unlock_shared($1)', [LOCK]);
      if (!last || !(await this.isLast())) return false;
      await last();
      return true;
    } finally {
      await this.client.end().catch(() => undefined);
    }
  }

  private async isLast(): Promise<boolean> {
    return (
      (await this.holdsWithin(CLAIM_LINGER_MS, LOCKED, [LOCK])) && (await this.holdsWithin(CLIENT_LINGER_MS, ALONE, []))
    );
  }

  private async holdsWithin(milliseconds: number, statement: string, values: number[]): Promise<boolean> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const { rows } = await this.client.query<{ holds: boolean }>(statement, values);
      if (rows[0]?.holds) return true;
      if (Date.now() > deadline) return false;
      await setTimeout(20);
    }
  }
}
