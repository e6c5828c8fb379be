import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../platform/problem/problem.js';
import { egressRefused } from '../../security/egress/egress.errors.js';
import { toolTimeout } from '../../tool/tool.errors.js';
import { Breaker } from './breaker.js';
import { McpConnection } from './mcp-connection.js';
import type { McpSession, SessionEvents } from './mcp-connector.js';

const NEVER = new AbortController().signal;
const lost = (): Error => Object.assign(new Error('gone'), { code: 'CONNECTION_CLOSED' });
const forgotten = (): Error => Object.assign(new Error('no session'), { status: 404 });

function connection() {
  const clock = { now: 1_000 };
  const world = {
    opened: 0,
    closed: 0,
    fault: undefined as Error | undefined,
    events: undefined as SessionEvents | undefined,
  };
  const it = new McpConnection({
    name: 'tickets',
    breaker: new Breaker({ now: () => clock.now, random: () => 0.5 }),
    now: () => clock.now,
    onListChanged: () => undefined,
    open: async (events): Promise<McpSession> => {
      await sleep(1);
      world.opened++;
      world.events = events;
      if (world.fault !== undefined) throw world.fault;
      return { client: {} as McpSession['client'], protocolVersion: 'p', close: async () => void world.closed++ };
    },
  });
  const fail = async (error: Error): Promise<unknown> => {
    try {
      return await it.use(NEVER, async () => {
        throw error;
      });
    } catch (thrown) {
      return thrown;
    }
  };
  return { it, world, clock, fail };
}

describe('the connection to a server', () => {
  it('is made when somebody asks, once for all who do', async () => {
    const { it: shared, world } = connection();
    expect(shared.isOpen).toBe(false);
    expect(await Promise.all([1, 2, 3].map((value) => shared.use(NEVER, async () => value)))).toEqual([1, 2, 3]);
    expect(world.opened).toBe(1);
  });

  it('is made anew when it was lost', async () => {
    const { it: shared, world } = connection();
    await shared.use(NEVER, async () => 1);
    world.events?.onClose();
    expect(shared.isOpen).toBe(false);
    await shared.use(NEVER, async () => 1);
    expect(world.opened).toBe(2);
  });

  it('is made anew when the server forgot the session, for the same caller, but once only', async () => {
    const { it: shared, world } = connection();
    let asked = 0;
    const answer = await shared.use(NEVER, async () => {
      if (asked++ === 0) throw forgotten();
      return 'again';
    });
    expect([answer, asked, world.opened]).toEqual(['again', 2, 2]);
    await expect(shared.use(NEVER, () => Promise.reject(forgotten()))).rejects.toBeInstanceOf(Problem);
    expect(world.opened).toBe(3);
  });

  it('says in one sentence why it cannot be had', async () => {
    const { it: shared, world } = connection();
    world.fault = Object.assign(new Error('secret-token'), { code: 'ECONNREFUSED' });
    await expect(shared.use(NEVER, async () => 1)).rejects.toMatchObject({
      type: { slug: 'mcp-server-unavailable' },
      detail: 'The MCP server "tickets" is not available. It cannot be reached (ECONNREFUSED).',
    });
  });

  it('passes on what this server itself refuses', async () => {
    const { fail } = connection();
    const refused = egressRefused('Requests to 10.0.0.1:80 are refused.');
    const wrapped = Object.assign(new Error('negotiation failed', { cause: refused }), {
      code: 'ERA_NEGOTIATION_FAILED',
    });
    expect(await fail(wrapped)).toBe(refused);
  });

  it('is closed by the last who uses it when it fails, and not under others', async () => {
    const { it: shared, world, fail } = connection();
    const other = Promise.withResolvers<string>();
    const using = shared.use(NEVER, () => other.promise);
    await fail(lost());
    expect(world.closed).toBe(0);
    other.resolve('fine');
    expect(await using).toBe('fine');
    await fail(lost());
    await sleep(1);
    expect(world.closed).toBe(1);
  });

  it('leaves a server alone after three failures, and lets one try when the pause is over', async () => {
    const { it: shared, world, clock, fail } = connection();
    for (let failures = 0; failures < 3; failures++) await fail(lost());
    const { opened } = world;
    await expect(shared.use(NEVER, async () => 1)).rejects.toMatchObject({ headers: { 'Retry-After': '2' } });
    expect(world.opened).toBe(opened);
    clock.now += 2_000;
    const trial = Promise.withResolvers<number>();
    const trying = shared.use(NEVER, () => trial.promise);
    await expect(shared.use(NEVER, async () => 2)).rejects.toMatchObject({ status: 503 });
    trial.resolve(1);
    expect(await trying).toBe(1);
    expect(await shared.use(NEVER, async () => 2)).toBe(2);
  });

  it('counts no failure of a server that answers, if only with an error', async () => {
    const { it: shared, fail } = connection();
    const answered = Object.assign(new Error('Invalid params'), { name: 'ProtocolError', code: -32_602 });
    for (let calls = 0; calls < 5; calls++) expect(await fail(answered)).toBe(answered);
    expect(await shared.use(NEVER, async () => 1)).toBe(1);
  });

  it('counts a caller whose time is up, and not one who changes their mind', async () => {
    const { it: shared } = connection();
    const leave = async (reason: unknown): Promise<unknown> => {
      const controller = new AbortController();
      const using = shared.use(controller.signal, () => new Promise(() => undefined));
      controller.abort(reason);
      return using.catch((thrown: unknown) => thrown);
    };
    const mind = new Error('cancelled');
    for (let calls = 0; calls < 5; calls++) expect(await leave(mind)).toBe(mind);
    expect(await shared.use(NEVER, async () => 1)).toBe(1);
    const late = toolTimeout('Too slow.');
    for (let calls = 0; calls < 3; calls++) expect(await leave(late)).toBe(late);
    await expect(shared.use(NEVER, async () => 1)).rejects.toMatchObject({ status: 503 });
  });

  it('knows how long nobody has used it', async () => {
    const { it: shared, clock } = connection();
    const work = Promise.withResolvers<void>();
    const using = shared.use(NEVER, () => work.promise);
    clock.now += 10_000;
    expect(shared.idleMs).toBe(0);
    work.resolve();
    await using;
    clock.now += 5_000;
    expect(shared.idleMs).toBe(5_000);
  });
});
