import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import type { ServerProcess } from '../support/server-process.js';
import { WorkflowRoom } from '../support/workflow-room.js';
import { ask, graph } from '../support/workflow-stories.js';

const LEASE_MS = 8_000;

/** Children one after the other beside a branch that asks a person. */
const companyOf = (upstream: string) =>
  graph(
    [
      ask('plan', 'plan'),
      {
        id: 'group',
        type: 'composite',
        config: {
          strategy: 'sequential',
          workflows: [
            {
              id: 'one',
              definition: graph([{ id: 'first', type: 'http', config: { url: `${upstream}/{{input.tag}}-held` } }]),
            },
            { id: 'two', definition: graph([ask('second', 'second')]) },
          ],
        },
      },
      ask('side', 'held side'),
      { id: 'ok', type: 'approval', config: { title: 'Go on?' } },
    ],
    ['plan>group', 'plan>side', 'side>ok'],
  );
const MAP = graph([
  {
    id: 'each',
    type: 'map',
    config: {
      items: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'],
      maxConcurrency: 3,
      body: graph([ask('do', 'do {{item}}'), ask('check', 'check {{do}}')], ['do>check'], { is: '{{check}}' }),
    },
  },
]);

describe('a process that loses a workflow run', () => {
  let room: WorkflowRoom;
  let running: ServerProcess[] = [];

  beforeAll(async () => {
    room = await WorkflowRoom.open('owners');
  });
  afterEach(async () => {
    for (const server of running) if (!server.hasExited) await server.kill();
    running = [];
  });
  afterAll(() => room?.close());

  const start = async (environment: Readonly<Record<string, string>> = {}): Promise<ServerProcess> => {
    const server = await room.start(environment);
    running.push(server);
    return server;
  };
  const times = (prompt: string): number => room.upstream.asked.get(prompt) ?? 0;
  const askedFor = (tag: string): readonly string[] =>
    [...room.upstream.asked.keys()].filter((key) => key.startsWith(`${tag} `)).toSorted();

  it('to one that is silent writes nothing more: no event, no child, no approval', async () => {
    const server = await start();
    const releaseChild = room.upstream.hold((key) => key === '/stolen-held');
    const releaseSide = room.upstream.hold((key) => key === 'stolen held side');
    const id = await room.begin(server, 'stolen', companyOf(room.upstream.url));
    await eventually(() => times('/stolen-held') === 1 && times('stolen held side') === 1);
    await eventually(async () => (await room.sql.query('SELECT FROM run WHERE root_run_id = $1', [id])).rowCount === 1);
    // As a claim does: once it is done, nothing that the former owner began before is still on its way.
    await room.sql.query(
      `WITH taken AS MATERIALIZED (SELECT id FROM run WHERE id = $1 FOR UPDATE)
       UPDATE run SET fence = fence + 1, lease_owner = 'thief', lease_until = '2100-01-01' FROM taken WHERE run.id = taken.id`,
      [id],
    );
    const before = await room.everythingOf(id);
    // Without a token before them, the end of the child and the beginning of the next are the first to be refused.
    releaseChild();
    await sleep(500);
    releaseSide();
    await sleep(1_000);
    expect(await room.everythingOf(id)).toEqual(before);
    await room.sql.query('DELETE FROM run WHERE id = $1 OR root_run_id = $1', [id]);
    await room.sql.query('DELETE FROM run_event WHERE run_id = $1', [id]);
    await room.sql.query('DELETE FROM usage_entry');
  });

  it('because it stood still past its lease in a fan-out writes nothing when it wakes', async () => {
    const one = await start({ RUN_LEASE_MS: String(LEASE_MS) });
    const release = room.upstream.hold((key) => key === '/zombie-held' || key === 'zombie held side');
    const id = await room.begin(one, 'zombie', companyOf(room.upstream.url));
    await eventually(() => times('/zombie-held') === 1 && times('zombie held side') === 1);
    one.signal('SIGSTOP');
    const two = await start();
    await eventually(() => times('/zombie-held') === 2 && times('zombie held side') === 2);
    release();
    await room.reached(id, 'waiting');
    const before = await room.everythingOf(id);
    one.signal('SIGCONT');
    await eventually(async () => (await fetch(`${one.url}/livez`)).ok);
    await sleep(1_000);
    expect(await room.everythingOf(id)).toEqual(before);

    await one.kill();
    expect((await room.approve(two, await room.approvalOf(id))).status).toBe(200);
    await room.reached(id, 'succeeded');
    expect(await room.brokenPromises()).toEqual([]);
    expect(times('/zombie-held')).toBe(2);
    expect(askedFor('zombie').map((prompt) => [prompt, times(prompt)])).toEqual([
      ['zombie held side', 2],
      ['zombie plan', 1],
      ['zombie second', 1],
    ]);
  });

  it('by kill -9 after a join that did not wait for all goes on with what the join went on with', async () => {
    const one = await start();
    const release = room.upstream.hold((key) => key.startsWith('joined held'));
    const nodes = [
      { id: 'quick', type: 'set', config: { values: { winner: 'quick' } } },
      ask('slow', 'held slow'),
      { id: 'any', type: 'join', config: { wait: 'any' } },
      ask('after', 'held after {{winner}}'),
    ];
    const id = await room.begin(one, 'joined', graph(nodes, ['quick>any', 'slow>any', 'any>after']));
    await room.upstream.whenAsked((key) => key === 'joined held after quick');
    await sleep(200);
    await room.kill(one);
    release();
    await start();
    const { output } = await room.reached(id, 'succeeded');
    expect(output).toMatchObject({ winner: 'quick', after: '(joined held after quick)' });
    expect(times('joined held slow')).toBeLessThanOrEqual(1);
    expect(times('joined held after quick')).toBe(2);
    expect(await room.brokenPromises()).toEqual([]);
  });

  it('by SIGTERM in the middle of a map hands it over with all that is done', async () => {
    const leaving = await start({ SHUTDOWN_TIMEOUT_MS: '50' });
    const other = await start();
    const quiet = await room.begin(other, 'quiet', MAP);
    const { output } = await room.reached(quiet, 'succeeded');
    const id = await room.begin(leaving, 'moved', MAP);
    await eventually(() => askedFor('moved').length >= 6, { everyMs: 1 });
    expect(await leaving.stop()).toEqual({ code: 0, signal: null });
    const told = await room.reached(id, 'succeeded');
    expect(told.attempt).toBe(1);
    expect(JSON.stringify(told.output).replaceAll('moved', 'quiet')).toBe(JSON.stringify(output));
    expect(await room.brokenPromises()).toEqual([]);
    const again = askedFor('moved').filter((prompt) => times(prompt) > 1);
    expect(again.length).toBeLessThanOrEqual(3);
  });

  it('by SIGTERM gives it back with what it had not yet written', async () => {
    const leaving = await start({ SHUTDOWN_TIMEOUT_MS: '0', EVENT_FLUSH_MS: '1000' });
    const release = room.upstream.hold((key) => key.startsWith('late held'));
    const quick = { id: 'quick', type: 'http', config: { url: `${room.upstream.url}/late-quick` } };
    const id = await room.begin(leaving, 'late', graph([quick, ask('slow', 'held slow')]));
    await eventually(() => times('/late-quick') === 1 && times('late held slow') === 1);
    await sleep(700);
    expect((await leaving.stop()).code).toBe(0);
    release();
    await start();
    await room.reached(id, 'succeeded');
    expect([times('/late-quick'), times('late held slow')]).toEqual([1, 2]);
    expect(await room.brokenPromises()).toEqual([]);
  });

  it('has begun nothing that builds on what is not in the log', async () => {
    const server = await start();
    const release = room.upstream.hold((key) => key === 'durable plan');
    const send = { method: 'POST', url: `${room.upstream.url}/durable-c` };
    const nodes = [ask('plan', 'plan'), ask('a', 'a'), ask('b', 'b'), { id: 'c', type: 'http', config: send }];
    const id = await room.begin(server, 'durable', graph(nodes, ['plan>a', 'plan>b', 'plan>c']));
    await eventually(() => times('durable plan') === 1);
    await sleep(300);
    await room.whileLocked(id, async () => {
      release();
      await sleep(1_000);
      expect([...room.upstream.asked.keys()].filter((key) => /durable(?! plan)/.test(key))).toEqual([]);
    });
    await room.reached(id, 'succeeded');
    expect(askedFor('durable')).toEqual(['durable a', 'durable b', 'durable plan']);
  });
});
