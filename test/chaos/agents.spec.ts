import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentUpstream, TURNS, type AgentUpstream } from '../support/agent-upstream.js';
import { eventually } from '../support/eventually.js';
import type { ServerProcess } from '../support/server-process.js';
import { WorkflowRoom } from '../support/workflow-room.js';

const KILLS = Number(process.env.CHAOS_KILLS ?? 4);

const AGENT = {
  kind: 'graph',
  nodes: [{ id: 'agent', type: 'agent', config: { prompt: '{{input.tag}}', tools: ['httpRequest'] } }],
  edges: [],
  output: { text: '{{text}}' },
};

/** The tool acts anew each time it is called: what was sent once is never sent again unless a person says so. */
describe('kill -9 in the middle of an agent', () => {
  let room: WorkflowRoom;
  let upstream: AgentUpstream;
  let server: ServerProcess;

  beforeAll(async () => {
    upstream = await agentUpstream();
    room = await WorkflowRoom.open('agents', {
      ...upstream.environment,
      RUN_MAX_ATTEMPTS: '100',
    });
    server = await room.start();
    const grant = { role: 'viewer', tool: 'httpRequest', level: 'execute' };
    expect((await room.call(server, 'POST', '/tools/grants', grant)).status).toBe(201);
  });
  afterAll(async () => {
    await room?.close();
    await upstream?.stop();
  });

  const restart = async () => {
    await room.kill(server);
    server = await room.start();
  };
  const times = (tag: string, kind: 'model' | 'tool', turns: number) =>
    Array.from({ length: turns }, (_, turn) => upstream.asked.get(`${kind} ${tag} ${turn}`) ?? 0);
  const events = async (runId: string) => {
    const { rows } = await room.sql.query<{ type: string; data: string }>(
      'SELECT type, data FROM run_event WHERE run_id = $1 ORDER BY seq',
      [runId],
    );
    return rows.map(({ data }) => JSON.parse(data));
  };
  /** What the log must hold of a run that has ended, however often it was cut. */
  const expectWhole = async (runId: string): Promise<readonly string[]> => {
    const all = await events(runId);
    const of = (type: string) => all.filter((event) => event.type === type);
    const calls = Array.from({ length: TURNS }, (_, turn) => `agent:${turn + 1}.1`);
    expect(of('tool_call').map(({ callId }) => callId)).toEqual(calls);
    expect(of('tool_result').map(({ callId }) => callId)).toEqual(calls);
    expect(of('usage')).toHaveLength(TURNS + 1);
    expect(of('node_end').at(-1).output.toolCalls).toBe(TURNS);
    return of('tool_result').map(({ status }) => status);
  };

  it('asks no answer again that has come, and calls no tool again', async () => {
    const release = upstream.hold('model asked 2');
    const id = await room.begin(server, 'asked', AGENT);
    await upstream.whenAsked('model asked 2');
    await restart();
    release();
    expect((await room.reached(id, 'succeeded')).output).toEqual({ text: 'done asked' });
    expect(times('asked', 'model', 4)).toEqual([1, 1, 2, 1]);
    expect(times('asked', 'tool', 3)).toEqual([1, 1, 1]);
    expect(await expectWhole(id)).toEqual(['ok', 'ok', 'ok']);
  });

  it.each<['approve' | 'deny', readonly number[], readonly string[]]>([
    ['approve', [1, 2, 1], ['ok', 'ok', 'ok']],
    ['deny', [1, 1, 1], ['ok', 'in_doubt', 'ok']],
  ])('while a tool works asks a person before it is called again: %s', async (decision, called, results) => {
    const release = upstream.hold(`tool ${decision} 1`);
    const id = await room.begin(server, decision, AGENT);
    await upstream.whenAsked(`tool ${decision} 1`);
    await restart();
    release();
    await room.reached(id, 'waiting');
    expect(times(decision, 'tool', 3)).toEqual([1, 1, 0]);
    const approvalId = await room.approvalOf(id);
    await restart();
    await room.call(server, 'POST', `/approvals/${approvalId}/decision`, { decision });
    expect((await room.reached(id, 'succeeded')).output).toEqual({ text: `done ${decision}` });
    expect(times(decision, 'tool', 3)).toEqual(called);
    expect(times(decision, 'model', 4)).toEqual([1, 1, 1, 1]);
    expect(await expectWhole(id)).toEqual(results);
    if (decision === 'deny') expect(upstream.told('deny')[1]).toContain('may have taken effect');
  });

  it(
    `${KILLS} times at any moment repeats no call, and doubles nothing in the log`,
    async () => {
      const tags = Array.from({ length: KILLS }, (_, index) => `any${index}`);
      const ids: string[] = [];
      for (const tag of tags) {
        ids.push(await room.begin(server, tag, AGENT));
        await sleep(randomInt(0, 400));
        await restart();
      }
      for (const id of ids) {
        await eventually(
          async () => {
            const { rows } = await room.sql.query<{ id: string }>(`SELECT id FROM approval WHERE status = 'pending'`);
            for (const pending of rows)
              await room.call(server, 'POST', `/approvals/${pending.id}/decision`, { decision: 'deny' });
            return (await room.runOf(id)).status === 'succeeded';
          },
          { withinMs: 120_000, everyMs: 300, what: `the end of run ${id}` },
        );
        await expectWhole(id);
      }
      for (const tag of tags) for (const count of times(tag, 'tool', TURNS)) expect(count).toBeLessThanOrEqual(1);
    },
    180_000 + KILLS * 60_000,
  );
});
