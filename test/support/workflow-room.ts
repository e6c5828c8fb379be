import { Client, Pool } from 'pg';
import type { Answer, SignedIn } from './app.js';
import { brokenPromises } from './broken-promises.js';
import { eventually } from './eventually.js';
import { testDatabase, type TestDatabase } from './postgres.js';
import { recordingUpstream, type RecordingUpstream } from './recording-upstream.js';
import { Servers, type ServerProcess } from './server-process.js';

export interface RunRow {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly fence: string;
  readonly lease_owner: string | null;
  readonly output: ReturnType<typeof JSON.parse>;
}

/** Processes that share a database, a user of theirs, and the upstream their workflows ask. */
export class WorkflowRoom {
  private readonly servers = new Servers();

  private constructor(
    private readonly database: TestDatabase,
    readonly sql: Pool,
    readonly upstream: RecordingUpstream,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  anna!: SignedIn;

  static async open(suite: string, settings: Readonly<Record<string, string>> = {}): Promise<WorkflowRoom> {
    const upstream = await recordingUpstream(2);
    const database = await testDatabase(suite);
    return new WorkflowRoom(database, new Pool({ ...database.connection, max: 4 }), upstream, settings);
  }

  async close(): Promise<void> {
    await this.servers.clean();
    await this.sql.end();
    await this.database.drop();
    await this.upstream.stop();
  }

  async start(environment: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    const server = await this.servers.start({
      ...this.database.environment,
      ...this.upstream.environment,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      RUN_SWEEP_MS: '200',
      // Longer than any test waits: what is to go on at once does not go on because a lease was over.
      RUN_LEASE_MS: '600000',
      EVENT_FLUSH_MS: '20',
      ...this.settings,
      ...environment,
    });
    this.anna ??= await server.api.register();
    return server;
  }

  /** By kill -9; the leases of what it ran are over at once, whatever time a slow machine needs to keep them. */
  async kill(server: ServerProcess): Promise<void> {
    await server.kill();
    await this.sql.query(`UPDATE run SET lease_until = now() - interval '1 s' WHERE status = 'running'`);
  }

  call(server: ServerProcess, method: string, path: string, body?: object): Promise<Answer> {
    return server.api.call(method, path, { as: this.anna, body });
  }

  /** A run in the background; answers its id. */
  async begin(server: ServerProcess, tag: string, definition: object): Promise<string> {
    const body = { definition, input: { tag }, mode: 'background' };
    const { status, body: answer } = await this.call(server, 'POST', '/runs', body);
    if (status !== 202) throw new Error(`The run is refused: ${JSON.stringify(answer)}`);
    return answer.run.id as string;
  }

  async runOf(id: string): Promise<RunRow> {
    const { rows } = await this.sql.query<RunRow>(
      'SELECT id, status, attempt, fence, lease_owner, output FROM run WHERE id = $1',
      [id],
    );
    return rows[0] as RunRow;
  }

  /** Everything that is stored of a run. */
  async everythingOf(id: string): Promise<unknown> {
    const rows = async (query: string) => (await this.sql.query(query, [id])).rows as unknown[];
    return {
      runs: await rows('SELECT * FROM run WHERE id = $1 OR root_run_id = $1 ORDER BY id'),
      events: await rows('SELECT seq, data, result FROM run_event WHERE run_id = $1 ORDER BY seq'),
      approvals: await rows('SELECT * FROM approval WHERE run_id = $1 ORDER BY id'),
    };
  }

  async reached(id: string, status: string, withinMs = 60_000): Promise<RunRow> {
    return eventually(
      async () => {
        const run = await this.runOf(id);
        return run.status === status && run;
      },
      { withinMs, what: `run ${id} to be ${status}` },
    ).catch(async (error: unknown) => {
      throw new Error(`Run ${id} is not ${status}: ${JSON.stringify(await this.everythingOf(id))}`, { cause: error });
    });
  }

  async approvalOf(runId: string): Promise<string> {
    return eventually(async () => {
      const { rows } = await this.sql.query<{ id: string }>(
        `SELECT id FROM approval WHERE run_id = $1 AND status = 'pending'`,
        [runId],
      );
      return rows[0]?.id;
    });
  }

  approve(server: ServerProcess, approvalId: string): Promise<Answer> {
    return this.call(server, 'POST', `/approvals/${approvalId}/decision`, { decision: 'approve' });
  }

  /** Does `work` while the run's row is locked; what it changes is seen when the lock goes. */
  async whileLocked(runId: string, work: (held: Client) => Promise<void>): Promise<void> {
    const held = new Client(this.database.connection);
    await held.connect();
    try {
      await held.query('BEGIN');
      await held.query('SELECT FROM run WHERE id = $1 FOR UPDATE', [runId]);
      await work(held);
      await held.query('COMMIT');
    } finally {
      await held.end();
    }
  }

  brokenPromises(): Promise<readonly string[]> {
    return brokenPromises(this.sql);
  }
}
