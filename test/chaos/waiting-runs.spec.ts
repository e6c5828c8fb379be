import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import type { ServerProcess } from '../support/server-process.js';
import { WorkflowRoom } from '../support/workflow-room.js';
import { ask, graph } from '../support/workflow-stories.js';

const DECISIONS = 200;
const AT_ONCE = 20;
const STORMS = 5;

const approval = (id: string, config: object = {}) => ({
  id,
  type: 'approval',
  config: { title: 'Go on?', ...config },
});
/** Goes aside at the moment the model has answered. */
const BESIDE = graph([approval('ok'), ask('side', 'held side')], [], { side: '{{side}}' });
const COMPANY = graph([
  ask('side', 'side'),
  {
    id: 'group',
    type: 'composite',
    config: {
      strategy: 'parallel',
      maxConcurrency: 3,
      workflows: ['a', 'b', 'c', 'd', 'e'].map((id) => ({
        id,
        definition: graph([ask('one', `${id} one`), ask('two', `${id} two {{one}}`)], ['one>two']),
      })),
    },
  },
]);

/** Between a process that lets go of a run and whoever wants something of it, nothing is lost. */
describe('a workflow run that is put aside', () => {
  let room: WorkflowRoom;
  let server: ServerProcess;

  beforeAll(async () => {
    room = await WorkflowRoom.open('aside');
    server = await room.start();
  });
  afterAll(() => room?.close());

  const hold = (tag: string): (() => void) => room.upstream.hold((key) => key === `${tag} held side`);
  const isAsked = (tag: string) => eventually(() => room.upstream.asked.has(`${tag} held side`));
  const askedFor = (tag: string): readonly (readonly [string, number])[] =>
    [...room.upstream.asked].filter(([key]) => key.startsWith(`${tag} `));

  it(`${DECISIONS} times at the very moment a person decides loses no decision`, async () => {
    for (let from = 0; from < DECISIONS; from += AT_ONCE) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          const tag = `moment${from + index}`;
          const release = hold(tag);
          const id = await room.begin(server, tag, BESIDE);
          await isAsked(tag);
          const approvalId = await room.approvalOf(id);
          release();
          await sleep(randomInt(0, 40));
          expect((await room.approve(server, approvalId)).status).toBe(200);
          await room.reached(id, 'succeeded');
        }),
      );
    }
    expect(await room.brokenPromises()).toEqual([]);
  }, 120_000);

  /** What is asked while the process has resolved to put the run aside, and has not done so yet. */
  async function meanwhile(tag: string, change: string, pause = false): Promise<string> {
    const release = hold(tag);
    const id = await room.begin(server, tag, BESIDE);
    await isAsked(tag);
    await room.approvalOf(id);
    if (pause) await room.call(server, 'POST', `/runs/${id}/pause`);
    await room.whileLocked(id, async (held) => {
      release();
      await sleep(500);
      await held.query(change, [id]);
    });
    return id;
  }

  it('goes on at once when a person has decided meanwhile', async () => {
    const id = await meanwhile('decided', `UPDATE approval SET status = 'approved' WHERE run_id = $1`);
    await room.reached(id, 'succeeded');
  });

  it('is paused when a pause was asked for meanwhile', async () => {
    const id = await meanwhile('paused', 'UPDATE run SET pause_requested_at = now() WHERE id = $1');
    await room.reached(id, 'paused');
    await room.call(server, 'POST', `/runs/${id}/resume`);
    await room.reached(id, 'waiting');
    await room.call(server, 'POST', `/runs/${id}/cancel`);
    await room.reached(id, 'cancelled');
  });

  it('as paused ends when it was cancelled meanwhile', async () => {
    const id = await meanwhile('cancelled', 'UPDATE run SET cancel_requested_at = now() WHERE id = $1', true);
    await room.reached(id, 'cancelled');
    expect(await room.brokenPromises()).toEqual([]);
  });

  it('before its turn in a conversation lets it be held by another, and begins once it is resumed', async () => {
    const release = room.upstream.hold((key) => key === 'first turn');
    const { body } = await room.call(server, 'POST', '/conversations', {});
    const say = (message: string) =>
      room.call(server, 'POST', '/chat', { conversationId: body.id, message, workflow: 'plain', onBusy: 'enqueue' });
    const first = say('first turn');
    await room.upstream.whenAsked((key) => key === 'first turn');
    const second = say('second turn');
    const id = await eventually(async () => {
      const { rows } = await room.sql.query<{ id: string }>(`SELECT id FROM run WHERE status = 'queued'`);
      return rows[0]?.id;
    });
    expect((await room.call(server, 'POST', `/runs/${id}/pause`)).status).toBe(200);
    release();
    expect((await first).status).toBe(200);
    await sleep(700);
    expect(room.upstream.asked.has('second turn')).toBe(false);
    expect((await room.call(server, 'POST', `/runs/${id}/resume`)).status).toBe(200);
    expect((await second).body.message.content).toBe('(second turn)');
  });

  it('goes on when one of its approvals expires, while it waits for another', async () => {
    const after = { id: 'after', type: 'http', config: { method: 'POST', url: `${room.upstream.url}/expired` } };
    const nodes = [approval('late'), approval('soon', { expiresInMs: 2_600 }), after];
    const id = await room.begin(server, 'expiry', graph(nodes, ['soon>after:denied']));
    await room.upstream.whenAsked((key) => key === '/expired');
    await room.reached(id, 'waiting');
    expect((await room.approve(server, await room.approvalOf(id))).status).toBe(200);
    await room.reached(id, 'succeeded');
    expect(await room.brokenPromises()).toEqual([]);
  });

  it('leaves no approval open when it ends at the moment it asks', async () => {
    const nodes = [approval('ok'), { id: 'no', type: 'fail', config: { code: 'no', detail: 'No.' } }];
    const ids = await Promise.all(
      Array.from({ length: 10 }, (_, index) => room.begin(server, `brief${index}`, graph(nodes))),
    );
    for (const id of ids) await room.reached(id, 'failed');
    expect(await room.brokenPromises()).toEqual([]);
  });

  it('outlives the process that put it aside as it is', async () => {
    const other = await room.start();
    const id = await room.begin(
      server,
      'orphan',
      graph([ask('a', 'a'), approval('ok'), ask('b', 'b')], ['a>ok', 'ok>b:approved']),
    );
    await room.reached(id, 'waiting');
    const before = await room.everythingOf(id);
    await room.kill(server);
    await sleep(1_500);
    expect(await room.everythingOf(id)).toEqual(before);
    expect((await room.approve(other, await room.approvalOf(id))).status).toBe(200);
    expect((await room.reached(id, 'succeeded')).attempt).toBeLessThanOrEqual(2);
    expect(askedFor('orphan')).toEqual([
      ['orphan a', 1],
      ['orphan b', 1],
    ]);
    server = other;
  });

  it('and taken up again by a storm of pauses does each step once', async () => {
    const storms = Array.from({ length: STORMS }, async (_, index) => {
      const tag = `storm${index}`;
      const id = await room.begin(server, tag, COMPANY);
      for (let turn = 0; turn < 12; turn += 1) {
        await sleep(randomInt(0, 60));
        const { status } = await room.call(server, 'POST', `/runs/${id}/${turn % 2 === 0 ? 'pause' : 'resume'}`);
        expect([200, 409]).toContain(status);
      }
      await eventually(async () => {
        const { status } = await room.runOf(id);
        if (status === 'paused') await room.call(server, 'POST', `/runs/${id}/resume`);
        return status === 'succeeded';
      });
      expect(askedFor(tag).map(([, times]) => times)).toEqual(Array.from({ length: 11 }, () => 1));
    });
    await Promise.all(storms);
    expect(await room.brokenPromises()).toEqual([]);
  });

  it('or executed ends with all its children when it is cancelled, whenever that is', async () => {
    const waits = { id: 'waits', definition: graph([ask('q', 'q'), approval('ok')], ['q>ok']) };
    const config = { strategy: 'parallel', workflows: [waits, { id: 'also', definition: COMPANY }] };
    const nested = graph([{ id: 'outer', type: 'composite', config }]);
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const id = await room.begin(server, `cancel${index}`, nested);
        if (index < 3) await room.reached(id, 'waiting');
        else await sleep(randomInt(0, 250));
        expect((await room.call(server, 'POST', `/runs/${id}/cancel`)).status).toBe(200);
        await room.reached(id, 'cancelled');
      }),
    );
    const asked = [...room.upstream.asked.values()].reduce((sum, times) => sum + times, 0);
    expect(await room.brokenPromises()).toEqual([]);
    await sleep(500);
    expect([...room.upstream.asked.values()].reduce((sum, times) => sum + times, 0)).toBe(asked);
    const { rows } = await room.sql.query(`SELECT status FROM run WHERE ended_at IS NULL`);
    expect(rows).toEqual([]);
  });
});
