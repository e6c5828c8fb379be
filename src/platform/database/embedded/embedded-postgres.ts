import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { attach, type Attachment, type Start } from './attachment.js';
import { binariesFor, findBinaries } from './binaries.js';
import { ensureCluster } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { SILENT, type LauncherLog } from './launcher-log.js';
import { thisMachine, type Machine } from './machine.js';
import { placeOf } from './place.js';
import { postmasterOf, shutDown, type Address } from './postmaster.js';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

export interface EmbeddedPostgresOptions {
  /** Made when missing. Holds the cluster (`postgres/`), its log (`postgres.log`) and, where its path allows, the socket (`socket/`). */
  readonly dataDir: string;
  readonly log?: LauncherLog;
  /** Gives up the start. */
  readonly signal?: AbortSignal;
  /** Facts about the machine, for tests. */
  readonly machine?: Machine;
}

/**
 * Starts the PostgreSQL server of a data directory, or adopts the one that runs on it.
 * @throws EmbeddedPostgresError with the remedy; the reason of `signal`
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    return await open(options);
  } catch (error) {
    if (error instanceof EmbeddedPostgresError || options.signal?.aborted) throw error;
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL cannot be set up in ${options.dataDir} (${(error as Error).message}): choose another DATA_DIR, or set DATABASE_URL to a PostgreSQL server (15 or newer).`,
      { cause: error },
    );
  }
}

async function open({
  dataDir,
  log = SILENT,
  signal,
  machine = thisMachine(),
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const packaged = await findBinaries(machine);
  const place = await placeOf(resolve(dataDir), machine, log);
  const binaries = await binariesFor(place.user, packaged, machine);
  const isNew = await ensureCluster(place, binaries, machine, signal);
  if (isNew) log.info(`Made a PostgreSQL ${binaries.major} database in ${place.cluster}.`);
  const start = { place, binaries, machine };
  return new EmbeddedPostgres(start, await attach({ ...start, signal }), log);
}

/**
 * A PostgreSQL server on a data directory, used by this process and perhaps by others. Should it be killed, it is started
 * again at the same address, until this process stops or leaves it.
 */
export class EmbeddedPostgres {
  /** For `pg`. There is no password: the socket's directory is closed to other users. */
  readonly connection: Address & { readonly user: 'postgres'; readonly database: 'chatter' };
  /** Whether the server was running already: started by another process that lives, or by one that was killed. */
  readonly adopted: boolean;
  private readonly restart: Start;
  private readonly closing = new AbortController();
  private closed?: Promise<void>;
  private recovery?: Promise<void>;

  constructor(
    start: Start,
    private attachment: Attachment,
    private readonly log: LauncherLog,
  ) {
    const { address, adopted } = attachment;
    this.connection = { ...address, user: 'postgres', database: 'chatter' };
    this.adopted = adopted;
    this.restart = { ...start, place: { ...start.place, socketDir: address.host }, signal: this.closing.signal };
    this.watch(attachment);
  }

  /** The connection as one text, as `DATABASE_URL` takes it. */
  get url(): string {
    const { host, port, user, database } = this.connection;
    return `postgresql://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
  }

  /**
   * Shuts the server down, adopted or not, unless somebody else uses it: a process that started or adopted it too (the
   * last one to stop shuts it down), or any open connection, of this process as well: close the pools first. Connections
   * get 2 s to close, the server 15 s to end and 5 s more when forced. Never throws; a server left running is logged.
   */
  stop(): Promise<void> {
    return (this.closed ??= this.close(() => this.shutDown()));
  }

  /** Ends this process's use of the server and leaves it running. Never throws. */
  leave(): Promise<void> {
    return (this.closed ??= this.close());
  }

  private async close(last?: () => Promise<void>): Promise<void> {
    this.closing.abort();
    await this.recovery;
    const { claim } = this.attachment;
    if (claim.isLost) return;
    try {
      const wasLast = await claim.giveUp(last);
      if (last && !wasLast) this.log.info('The embedded PostgreSQL is left running: others are connected to it.');
    } catch (error) {
      this.log.warn(`The embedded PostgreSQL does not answer: ${(error as Error).message}`);
      await last?.();
    }
  }

  private async shutDown(): Promise<void> {
    const { cluster } = this.restart.place;
    const running = await postmasterOf(cluster);
    if (running && !(await shutDown(running.pid, cluster))) {
      this.log.warn(`The embedded PostgreSQL does not end: process ${running.pid} is left running.`);
    }
  }

  private watch(attachment: Attachment): void {
    this.attachment = attachment;
    void attachment.claim.lost.then(() => {
      if (!this.closing.signal.aborted) this.recovery = this.recover();
    });
  }

  private async recover(): Promise<void> {
    const { signal } = this.closing;
    this.log.warn('The connection to the embedded PostgreSQL broke: adopting or starting it again.');
    for (let pause = FIRST_RETRY_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_RETRY_MS)) {
      try {
        this.watch(await attach(this.restart));
        this.log.info('The embedded PostgreSQL serves again.');
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.log.warn(`The embedded PostgreSQL does not come back: ${(error as Error).message}`);
        await setTimeout(pause, undefined, { ref: false, signal }).catch(() => undefined);
      }
    }
  }
}
