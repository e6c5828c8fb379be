import { eventually } from '../support/eventually.js';
import type { ServerProcess } from '../support/server-process.js';
import { upstreamServer, type UpstreamServer } from '../support/upstream-server.js';
import { WorkflowRoom } from '../support/workflow-room.js';

/** The server that is asked keeps its answer back, so that the kill comes in between. */
describe('kill -9 while the request of an http node is out', () => {
  let room: WorkflowRoom;
  let upstream: UpstreamServer;
  let server: ServerProcess;
  let isAnswering = false;

  beforeAll(async () => {
    upstream = await upstreamServer();
    upstream.answer((response) => {
      if (isAnswering) response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"done":true}');
    });
    room = await WorkflowRoom.open('requests', { EGRESS_ALLOW: new URL(upstream.url).host });
    server = await room.start();
  });
  beforeEach(() => {
    isAnswering = false;
    upstream.requests.length = 0;
  });
  afterAll(async () => {
    await room?.close();
    await upstream?.stop();
  });

  const call = (method: string, more: object = {}) => ({
    kind: 'graph',
    nodes: [{ id: 'call', type: 'http', config: { method, url: upstream.url, ...more } }],
    edges: [],
    output: '{{response.body.done}}',
  });
  const cut = async (definition: object): Promise<string> => {
    const id = await room.begin(server, 'x', definition);
    await eventually(() => upstream.requests.length === 1, { what: 'the request' });
    await room.kill(server);
    isAnswering = true;
    server = await room.start();
    return id;
  };
  const keys = () => upstream.requests.map(({ headers }) => headers['idempotency-key']);

  it('sends a POST again only when a person says so, with the same key', async () => {
    const id = await cut(call('POST', { body: { order: 1 } }));
    await room.reached(id, 'waiting');
    expect(upstream.requests).toHaveLength(1);
    const approvalId = await room.approvalOf(id);
    await room.call(server, 'POST', `/approvals/${approvalId}/decision`, { decision: 'approve' });
    expect((await room.reached(id, 'succeeded')).output).toBe(true);
    expect(keys()).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), keys()[0]]);
  });

  it('leaves a PATCH in doubt when a person does not want it again', async () => {
    const id = await cut(call('PATCH', { body: {} }));
    await room.reached(id, 'waiting');
    const approvalId = await room.approvalOf(id);
    await room.call(server, 'POST', `/approvals/${approvalId}/decision`, { decision: 'deny' });
    await room.reached(id, 'failed');
    const { body } = await room.call(server, 'GET', `/runs/${id}`);
    expect(body.problem.type).toBe('/problems/request-in-doubt');
    expect(upstream.requests).toHaveLength(1);
  });

  it('sends a GET and a PUT again by itself', async () => {
    for (const method of ['GET', 'PUT']) {
      upstream.requests.length = 0;
      isAnswering = false;
      const id = await cut(call(method));
      expect((await room.reached(id, 'succeeded')).output).toBe(true);
      expect(upstream.requests).toHaveLength(2);
    }
  });
});
