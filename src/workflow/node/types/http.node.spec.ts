import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { canary } from '../../../../test/support/canary.js';
import { egressClient, FakeNetwork } from '../../../../test/support/egress.js';
import { FakeRunHost, graphExecution } from '../../../../test/support/fake-run-host.js';
import { HOSTILE_NAMES, refusedUrls } from '../../../../test/support/refused-urls.js';
import { PluginRegistry } from '../../../platform/plugin/plugin.registry.js';
import { Problem } from '../../../platform/problem/problem.js';
import { EgressClient } from '../../../security/egress/egress-client.js';
import { GraphDefinition } from '../../definition/definition.js';
import { GraphCompiler } from '../../graph/graph-compiler.js';
import { NodeRegistry } from '../node.registry.js';
import { HttpNode } from './http.node.js';

type Config = Readonly<Record<string, unknown>>;

interface Received {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function compilerOf(client: EgressClient): Promise<GraphCompiler> {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [PluginRegistry, NodeRegistry, HttpNode, { provide: EgressClient, useValue: client }],
  }).compile();
  await module.init();
  return new GraphCompiler(module.get(NodeRegistry));
}

/** Runs a workflow of one http node; its variables are the output. */
async function outcome(compiler: GraphCompiler, config: Config, parts: { input?: Config; signal?: AbortSignal } = {}) {
  const host = new FakeRunHost();
  const definition = GraphDefinition.parse({ kind: 'graph', nodes: [{ id: 'call', type: 'http', config }] });
  const graph = await compiler.compile(JSON.stringify(config), { definition, pins: {} });
  const { output } = await graph.run(graphExecution(host, { input: {}, messages: [], ...parts }));
  return { output: output as Readonly<Record<string, ReturnType<typeof JSON.parse>>>, events: host.events };
}

const problemOf = async (work: Promise<unknown>): Promise<Problem> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Problem) return error;
  throw new Error(`Expected a problem, not ${String(error)}`);
};

describe('an http node', () => {
  let server: Server;
  let url: string;
  let compiler: GraphCompiler;
  let received: Received[];
  let answer: RequestListener;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString() });
        answer(request, response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    compiler = await compilerOf(egressClient(new FakeNetwork(), { EGRESS_ALLOW: '127.0.0.1' }));
  });
  beforeEach(() => {
    received = [];
    answer = (_, response) => void response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"n":1}');
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('gets an address and puts the answer into the variable "response"', async () => {
    const { output, events } = await outcome(compiler, { url });
    expect(received).toMatchObject([{ method: 'GET', body: '' }]);
    expect(output.response).toEqual({ status: 200, headers: expect.any(Object), body: { n: 1 } });
    expect(output.response.headers['content-type']).toBe('application/json');
    expect(events.at(-1)).toMatchObject({ kind: 'nodeEnd', status: 'succeeded', output: { status: 200 } });
  });

  it.each([400, 404, 429, 500, 503])('takes status %i for an answer, not a failure', async (status) => {
    answer = (_, response) => void response.writeHead(status, { 'Content-Type': 'text/plain' }).end('so it is');
    const { output } = await outcome(compiler, { url, output: 'said' });
    expect(output.said).toMatchObject({ status, body: 'so it is' });
  });

  it('takes references for every value', async () => {
    const config = {
      method: '{{input.method}}',
      url: `${url}/{{input.path}}?q={{input.text}}`,
      headers: { Authorization: 'Bearer {{input.token}}', 'X-Count': '{{input.count}}' },
      body: '{{input.body}}',
      timeoutMs: '{{input.time}}',
    };
    const input = { method: 'POST', path: 'a', text: 'b c', token: 's3', count: 2, body: { deep: [1] }, time: 30_000 };
    const { output } = await outcome(compiler, config, { input });
    expect(output.response.status).toBe(200);
    expect(received).toMatchObject([
      {
        method: 'POST',
        headers: { authorization: 'Bearer s3', 'x-count': '2', 'content-type': 'application/json' },
        body: '{"deep":[1]}',
      },
    ]);
  });

  it.each([
    ['POST', 1],
    ['PATCH', 1],
    ['PUT', 0],
    ['GET', 0],
  ])('says in the log that a %s goes out, and gives it a key, %i times', async (method, times) => {
    const { events } = await outcome(compiler, { method, url });
    const notes = events.flatMap((event) =>
      event.kind === 'node' && event.event.type === 'note' ? [event.event] : [],
    );
    expect(notes.map(({ code }) => code)).toEqual(Array(times).fill('request-sent'));
    expect(received.filter(({ headers }) => headers['idempotency-key'] !== undefined)).toHaveLength(times);
    received = [];
    await outcome(compiler, { method, url, headers: { 'Idempotency-KEY': 'own' } });
    expect(received).toMatchObject([{ headers: { 'idempotency-key': 'own' } }]);
  });

  it.each([
    [{ a: 1 }, undefined, '{"a":1}', 'application/json'],
    [[1, 2], undefined, '[1,2]', 'application/json'],
    ['a=1', undefined, 'a=1', 'text/plain; charset=utf-8'],
    ['a=1', 'application/x-www-form-urlencoded', 'a=1', 'application/x-www-form-urlencoded'],
    [false, undefined, 'false', 'application/json'],
  ])('sends the body %j with type %s', async (body, type, sent, sentType) => {
    await outcome(compiler, { method: 'POST', url, body, headers: type === undefined ? {} : { 'content-TYPE': type } });
    expect(received).toMatchObject([{ body: sent, headers: { 'content-type': sentType } }]);
  });

  it.each([
    ['application/json', '{"a":[true,null]}', { a: [true, null] }],
    ['application/problem+json; charset=utf-8', '{"a":1}', { a: 1 }],
    ['application/json', 'not json', 'not json'],
    ['application/json', '', ''],
    ['application/jsonlines', '{"a":1}', '{"a":1}'],
    ['text/html; charset=iso-8859-1', Buffer.from('f\u00fcr', 'latin1'), 'für'],
    ['text/html; charset=no-such', 'für', 'für'],
    ['application/json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, expect.stringMatching(/^\[\[/)],
    ['application/json', `${'['.repeat(70)}${']'.repeat(70)}`, expect.stringMatching(/^\[\[/)],
  ])('reads an answer of type %s', async (type, body, expected) => {
    answer = (_, response) => void response.writeHead(200, { 'Content-Type': type }).end(body);
    const { output } = await outcome(compiler, { url });
    expect(output.response.body).toEqual(expected);
  });

  it('keeps the first 256 KiB of a larger answer as text and notes it', async () => {
    const large = JSON.stringify({ text: 'a'.repeat(300_000) });
    answer = (_, response) => void response.writeHead(200, { 'Content-Type': 'application/json' }).end(large);
    const { output, events } = await outcome(compiler, { url });
    expect(output.response).toMatchObject({ status: 200, truncated: true, body: large.slice(0, 262_144) });
    expect(events).toContainEqual({
      kind: 'node',
      path: ['call'],
      event: { type: 'note', code: 'response-truncated', detail: expect.stringContaining('262144') },
    });
  });

  it.each([
    ['no URL', {}, '/nodes/0/config/url'],
    ['an unknown method', { url: 'https://a.example', method: 'TRACE' }, '/nodes/0/config/method'],
    [
      'a header that is not its own',
      { url: 'https://a.example', headers: { Host: 'b' } },
      '/nodes/0/config/headers/Host',
    ],
    ['a header that is none', { url: 'https://a.example', headers: { 'a b': 'c' } }, '/nodes/0/config/headers/a b'],
    ['a time of nothing', { url: 'https://a.example', timeoutMs: 0 }, '/nodes/0/config/timeoutMs'],
    ['a field it does not have', { url: 'https://a.example', follow: true }, '/nodes/0/config'],
  ])('is invalid with %s', async (_, config, pointer) => {
    const problem = await problemOf(outcome(compiler, config));
    expect(problem.body()).toMatchObject({ status: 422, errors: [{ pointer }] });
  });

  it('fails when a reference brings what the field cannot take, or nothing', async () => {
    const headers = { Authorization: '{{input.missing}}' };
    expect((await problemOf(outcome(compiler, { url, headers }))).status).toBe(422);
    const input = { value: 'one\r\nHost: evil.example' };
    const injected = outcome(compiler, { url, headers: { 'X-A': '{{input.value}}' } }, { input });
    expect((await problemOf(injected)).type.slug).toBe('egress-refused');
    expect(received).toEqual([]);
  });

  it('fails with a problem when nobody answers, or not in time', async () => {
    const failed = await problemOf(outcome(compiler, { url: 'http://127.0.0.1:1/' }));
    expect(failed.body()).toMatchObject({ type: '/problems/http-request-failed', status: 502 });
    answer = () => {};
    const late = await problemOf(outcome(compiler, { url, timeoutMs: 100 }));
    expect(late.body()).toMatchObject({ type: '/problems/http-request-timeout', status: 504 });
  });

  it('stops with the run and closes its connection', async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    answer = (request) => {
      request.socket.once('close', () => closed.resolve());
      controller.abort(new Error('cancelled'));
    };
    await expect(outcome(compiler, { url }, { signal: controller.signal })).rejects.toThrow('cancelled');
    await closed.promise;
  });

  it('connects to nothing that is not public, however the address is written', async () => {
    const bird = await canary();
    try {
      const network = new FakeNetwork(HOSTILE_NAMES);
      const guarded = await compilerOf(egressClient(network));
      const passed: string[] = [];
      for (const hostile of refusedUrls(bird.port)) {
        const problem = await problemOf(outcome(guarded, { url: '{{input.url}}' }, { input: { url: hostile } }));
        // A URL beyond the longest is refused by the configuration's schema.
        if (problem.type.slug !== 'egress-refused' && hostile.length < 8_192) passed.push(hostile);
      }
      expect(passed).toEqual([]);
      expect(network.asked).toEqual([]);
      expect(bird.connections).toBe(0);
    } finally {
      await bird.stop();
    }
  });
});
