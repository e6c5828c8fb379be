import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { Webhook } from 'standardwebhooks';
import { newId } from '../../src/platform/clock/id.js';
import { Database } from '../../src/platform/database/database.js';
import { WorkQueue } from '../../src/platform/queue/work-queue.js';
import { DefinitionStore } from '../../src/workflow/run/definition-store.js';
import { RunEnder } from '../../src/workflow/run/run-ender.js';
import { RunRepository } from '../../src/workflow/run/run.repository.js';
import { Webhooks } from '../../src/workflow/webhook/webhook.service.js';
import { WorkflowResolver } from '../../src/workflow/workflow-resolver.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { canary } from '../support/canary.js';
import { eventually } from '../support/eventually.js';
import { hookReceiver, type HookReceiver, type ReceivedHook } from '../support/hook-receiver.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { Servers } from '../support/server-process.js';

const SECRET = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;

interface Delivery {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly last_fault: string | null;
  readonly claimed_until: Date | null;
}

describe('a webhook', () => {
  let database: TestDatabase;
  let receiver: HookReceiver;
  let chatter: TestApp;
  let anna: SignedIn;
  let sql: Pool;

  const environment = (more: Record<string, string> = {}) => ({
    EGRESS_ALLOW: receiver.host,
    RUN_SWEEP_MS: '200',
    QUEUE_RECONCILE_MS: '600000',
    SHUTDOWN_TIMEOUT_MS: '2000',
    ...more,
  });

  beforeAll(async () => {
    database = await testDatabase('webhook');
    receiver = await hookReceiver();
    sql = new Pool(database.connection);
    chatter = await startApp(environment(), database);
    anna = await chatter.register();
  });

  afterEach(async () => {
    receiver.received.length = 0;
    receiver.answer();
    await sql.query('DELETE FROM run');
  });

  afterAll(async () => {
    await chatter?.close();
    await sql?.end();
    await receiver?.stop();
    await database?.drop();
  });

  /** A run with a webhook, stored in one transaction as the routes do it. `limbo` keeps it from being executed. */
  async function run(
    message: string,
    { url = receiver.url, secret, limbo = false }: { url?: string; secret?: string; limbo?: boolean } = {},
  ): Promise<{ readonly runId: string; readonly made?: string }> {
    const part = <Part>(type: new (...parts: never[]) => Part): Part => chatter.app.get(type, { strict: false });
    const workspaceId = anna.user.personalWorkspaceId;
    const { definition } = await part(WorkflowResolver).resolve(workspaceId, 'plain', {});
    const hash = await part(DefinitionStore).keep(workspaceId, { definition, pins: {} });
    const conversationId = limbo ? await held(workspaceId) : undefined;
    const runId = newId();
    const registered = await part(Database).transaction(async () => {
      await part(RunRepository).insertQueued({
        id: runId,
        workspaceId,
        userId: anna.user.id,
        kind: 'workflow',
        workflow: { name: 'plain', hash },
        conversationId,
        input: { message },
        limits: {},
        metadata: {},
        hasWebhook: true,
      });
      return part(Webhooks).register(workspaceId, runId, { url, secret });
    });
    return { runId, made: registered.secret };
  }

  /** A conversation that a run waits in, so that others have to wait for it. */
  async function held(workspaceId: string): Promise<string> {
    const conversationId = newId();
    await sql.query(
      `INSERT INTO run (id, workspace_id, user_id, kind, status, workflow, definition_hash, conversation_id, input, started_at)
       VALUES ($1, $2, $3, 'chat', 'waiting', '{"hash":"h"}', 'h', $4, '{}', now())`,
      [newId(), workspaceId, anna.user.id, conversationId],
    );
    return conversationId;
  }

  const posts = (count: number): Promise<readonly ReceivedHook[]> =>
    eventually(() => receiver.received.length >= count && [...receiver.received], { what: `${count} posts` });
  const delivery = async (runId: string): Promise<Delivery> =>
    (await sql.query<Delivery>('SELECT * FROM webhook_delivery WHERE run_id = $1', [runId])).rows[0]!;
  const settled = (runId: string, status: string) =>
    eventually(async () => (await delivery(runId)).status === status, { what: `a delivery that is ${status}` });
  const verified = (hook: ReceivedHook, secret = SECRET) =>
    new Webhook(secret).verify(hook.body, hook.headers as Record<string, string>);
  /** Lets the pause after a failed attempt be over. */
  const hurry = async (runId: string, attempt: number): Promise<void> => {
    const { id } = await eventually(async () => {
      const found = await delivery(runId);
      return found.attempt >= attempt && found.claimed_until === null && found;
    });
    await sql.query(`UPDATE webhook_delivery SET due_at = now() WHERE run_id = $1`, [runId]);
    await chatter.app.get(WorkQueue).put('webhook', id);
  };

  it('posts the end of a run once, signed so that the receiver can trust it', async () => {
    const { runId, made } = await run('Hello', { secret: SECRET });
    expect(made).toBeUndefined();
    const [hook] = await posts(1);
    expect(hook).toMatchObject({ method: 'POST', path: '/hook', headers: { 'content-type': 'application/json' } });
    const answer = await chatter.call('GET', `/runs/${runId}`, { as: anna });
    expect(verified(hook!)).toEqual({
      type: 'run.succeeded',
      timestamp: answer.body.endedAt,
      data: { run: answer.body },
    });
    await settled(runId, 'delivered');
    await sleep(1_000);
    expect(receiver.received).toHaveLength(1);
  });

  it('is not believed once a byte of it is changed, nor with another secret, id or time', async () => {
    await run('Hello', { secret: SECRET });
    const [hook] = await posts(1);
    const { body, headers } = hook!;
    expect(() => verified({ ...hook!, body: body.replace('run.succeeded', 'run.failed') })).toThrow();
    expect(() => verified(hook!, `whsec_${Buffer.alloc(24, 8).toString('base64')}`)).toThrow();
    for (const [name, value] of [
      ['webhook-id', newId()],
      ['webhook-timestamp', String(Number(headers['webhook-timestamp']) + 1)],
    ] as const)
      expect(() => verified({ ...hook!, headers: { ...headers, [name]: value } })).toThrow();
    expect(verified(hook!)).toBeDefined();
  });

  it('is signed with a secret made for it when none is given, which is stored sealed', async () => {
    const { runId, made } = await run('Hello');
    expect(made).toMatch(/^whsec_/);
    const [hook] = await posts(1);
    expect(verified(hook!, made)).toMatchObject({ type: 'run.succeeded' });
    const { rows } = await sql.query('SELECT sealed_secret FROM webhook_delivery WHERE run_id = $1', [runId]);
    for (const form of ['utf8', 'base64', 'latin1'] as const)
      expect((rows[0].sealed_secret as Buffer).toString(form)).not.toContain(made!.slice('whsec_'.length, -1));
    expect(rows[0].sealed_secret.includes(Buffer.from(made!.slice('whsec_'.length), 'base64'))).toBe(false);
  });

  it('tells of runs that fail and of runs that are cancelled before they begin', async () => {
    const failing = await run('[[fail]]', { secret: SECRET });
    const [hook] = await posts(1);
    expect(verified(hook!)).toMatchObject({
      type: 'run.failed',
      data: { run: { id: failing.runId, status: 'failed', problem: { type: '/problems/model-unavailable' } } },
    });
    const waiting = await run('Hello', { secret: SECRET, limbo: true });
    await chatter.app.get(RunEnder, { strict: false }).cancelQueued({ id: waiting.runId });
    const [, other] = await posts(2);
    expect(verified(other!)).toMatchObject({ type: 'run.cancelled', data: { run: { id: waiting.runId } } });
  });

  it('is tried again after 500s under the same id, until it is taken', async () => {
    receiver.answer(500, 503);
    const { runId } = await run('Hello', { secret: SECRET });
    await posts(1);
    await hurry(runId, 1);
    await posts(2);
    await sleep(1_100);
    await hurry(runId, 2);
    const hooks = await posts(3);
    await settled(runId, 'delivered');
    expect(await delivery(runId)).toMatchObject({ attempt: 3, last_fault: 'It answered 503.' });
    expect(new Set(hooks.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(hooks.map(({ body }) => body)).size).toBe(1);
    expect(new Set(hooks.map(({ headers }) => headers['webhook-signature'])).size).toBeGreaterThan(1);
    for (const hook of hooks) expect(verified(hook)).toBeDefined();
  });

  it('is tried again by itself five seconds after the first failure', async () => {
    receiver.answer(500);
    const { runId } = await run('Hello', { secret: SECRET });
    const [first, second] = await posts(2);
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(4_500);
    expect(second!.at - first!.at).toBeLessThan(14_000);
    await settled(runId, 'delivered');
  });

  it('is given up after the last attempt', async () => {
    receiver.answer(500);
    const { runId } = await run('Hello', { secret: SECRET, limbo: true });
    await sql.query('UPDATE webhook_delivery SET attempt = 6 WHERE run_id = $1', [runId]);
    await chatter.app.get(RunEnder, { strict: false }).cancelQueued({ id: runId });
    await settled(runId, 'failed');
    expect(await delivery(runId)).toMatchObject({ attempt: 7, last_fault: 'It answered 500.' });
  });

  it('ends at once when the receiver says that it is gone', async () => {
    receiver.answer(410);
    const { runId } = await run('Hello', { secret: SECRET });
    await settled(runId, 'failed');
    expect(await delivery(runId)).toMatchObject({ attempt: 1, last_fault: 'It answered 410.' });
  });

  it('follows no redirect', async () => {
    receiver.answer({ redirect: '/elsewhere' });
    const { runId } = await run('Hello', { secret: SECRET });
    await eventually(async () => (await delivery(runId)).last_fault);
    expect(await delivery(runId)).toMatchObject({ status: 'due', last_fault: expect.stringMatching(/redirected/) });
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('goes nowhere that requests may not go, whatever was registered', async () => {
    const bird = await canary();
    try {
      const { runId } = await run('Hello', { url: `http://127.0.0.1:${bird.port}/`, secret: SECRET });
      await eventually(async () => (await delivery(runId)).last_fault);
      expect((await delivery(runId)).last_fault).toMatch(/refused/);
      expect(bird.connections).toBe(0);
    } finally {
      await bird.stop();
    }
  });

  it('is never sent by two processes at the same time', async () => {
    const second = await startApp(environment({ QUEUE_RECONCILE_MS: '100' }), database);
    try {
      receiver.answer({ afterMs: 1_500 });
      const { runId } = await run('Hello', { secret: SECRET });
      await posts(1);
      const { id } = await delivery(runId);
      for (const { app } of [chatter, second])
        await Promise.all(Array.from({ length: 5 }, () => app.get(WorkQueue).put('webhook', id)));
      await settled(runId, 'delivered');
      expect(receiver.received).toHaveLength(1);
    } finally {
      await second.close();
    }
  });

  it('is sent again, under the same id, when the process that sent it was killed', async () => {
    const { runId } = await run('Hello', { secret: SECRET });
    await settled(runId, 'delivered');
    const servers = new Servers();
    try {
      receiver.answer('never');
      await sql.query(
        `UPDATE webhook_delivery SET status = 'due', due_at = now(), attempt = 0, settled_at = NULL WHERE run_id = $1`,
        [runId],
      );
      const server = await servers.start({
        ...database.environment,
        ...environment({ QUEUE_RECONCILE_MS: '200' }),
        DATA_DIR: await servers.folder(),
        ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      });
      await posts(2);
      await server.kill();
      expect(await delivery(runId)).toMatchObject({ status: 'due', attempt: 1 });
      const { id } = await delivery(runId);
      await chatter.app.get(WorkQueue).put('webhook', id);
      await sleep(500);
      expect(receiver.received).toHaveLength(2);
      await sql.query(`UPDATE webhook_delivery SET claimed_until = now() WHERE run_id = $1`, [runId]);
      await chatter.app.get(WorkQueue).put('webhook', id);
      const hooks = await posts(3);
      await settled(runId, 'delivered');
      expect(new Set(hooks.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
    } finally {
      await servers.clean();
    }
  });
});
