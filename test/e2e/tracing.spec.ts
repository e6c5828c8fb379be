import { Client } from 'pg';
import { Tracing } from '../../src/platform/telemetry/tracing.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { graph, says } from '../support/run-room.js';
import { openStream } from '../support/sse.js';
import { TraceCollector, treeOf, type SentSpan } from '../support/trace-collector.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
let traces = 0;

/** A caller's trace of its own. */
function callersTrace(): { readonly traceId: string; readonly headers: Readonly<Record<string, string>> } {
  traces += 1;
  const traceId = `${TRACE.slice(0, -4)}${traces.toString(16).padStart(4, '0')}`;
  return { traceId, headers: { traceparent: `00-${traceId}-${CALLER}-01` } };
}

describe('traces', () => {
  let collector: TraceCollector;
  let chatter: TestApp;
  let sql: Client;
  let anna: SignedIn;

  beforeAll(async () => {
    collector = await TraceCollector.start();
    chatter = await startApp({
      SCRIPTED_TOKEN_MS: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue%20team,x-other=1',
      OTEL_SERVICE_NAME: 'assistant',
      RUN_SWEEP_MS: '200',
    });
    sql = new Client(chatter.database.connection);
    await sql.connect();
    anna = await chatter.register();
  });
  afterAll(async () => {
    await sql?.end();
    await chatter?.close();
    await collector?.stop();
  });

  const post = (path: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
    chatter.call('POST', path, { as: anna, body, headers });
  const named = (spans: readonly SentSpan[], name: string): SentSpan => spans.find((span) => span.name === name)!;

  it('of a turn with tools go from the caller over request, run and node to each call of a model and a tool', async () => {
    const { traceId, headers } = callersTrace();
    const { status, body } = await post('/chat', { message: 'What is 20 + 31?', workflow: 'tools' }, headers);
    expect(status).toBe(200);
    const spans = await collector.trace(traceId, 'POST /api/v1/chat');
    expect(treeOf(spans, CALLER)).toEqual([
      [
        'POST /api/v1/chat',
        [
          [
            'run tools',
            [
              [
                'node agent',
                [
                  ['chat default', []],
                  ['chat default', []],
                  ['execute_tool calculator', []],
                ],
              ],
              ['node memory', []],
            ],
          ],
        ],
      ],
    ]);
    expect(named(spans, 'POST /api/v1/chat')).toMatchObject({
      kind: 2,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/api/v1/chat',
        'http.response.status_code': 200,
      },
    });
    expect(named(spans, 'run tools').attributes).toMatchObject({
      'chatter.run.id': body.run.id,
      'chatter.run.kind': 'chat',
      'chatter.run.attempt': 1,
      'chatter.run.status': 'succeeded',
      'gen_ai.conversation.id': body.conversation.id,
    });
    expect(named(spans, 'node agent').attributes).toMatchObject({ 'chatter.node.type': 'agent' });
    const calls = spans.filter(({ name }) => name === 'chat default');
    for (const call of calls)
      expect(call).toMatchObject({
        kind: 3,
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': 'scripted',
          'gen_ai.request.model': 'default',
          'gen_ai.usage.input_tokens': expect.any(Number),
          'gen_ai.usage.output_tokens': expect.any(Number),
        },
      });
    expect(calls.map(({ attributes }) => attributes['gen_ai.response.finish_reasons'])).toEqual([
      ['toolCalls'],
      ['stop'],
    ]);
    const used = calls.reduce((sum, { attributes }) => sum + Number(attributes['gen_ai.usage.output_tokens']), 0);
    expect(used).toBe(body.run.usage.outputTokens);
    expect(named(spans, 'execute_tool calculator').attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'calculator',
    });
    expect(collector.headers).toMatchObject({ 'x-team': 'blue team', 'x-other': '1' });
    expect(collector.sent).toContain('assistant');
  });

  it('hold nothing of what users, models and tools say', async () => {
    const { traceId, headers } = callersTrace();
    const { body } = await post(
      '/chat',
      { message: 'Say exactly: pomegranate', workflow: 'plain', systemMessage: 'Secret persimmon.' },
      headers,
    );
    expect(body.message.content).toContain('pomegranate');
    await chatter.call('GET', '/conversations?query=quince', { as: anna, headers });
    await collector.trace(traceId, 'GET /api/v1/conversations');
    await collector.trace(traceId, 'POST /api/v1/chat');
    for (const word of ['pomegranate', 'persimmon', 'quince', '20 + 31', anna.token])
      expect([word, collector.sent.includes(word)]).toEqual([word, false]);
  });

  it('show child runs inside of what runs them, and what fails as an error', async () => {
    const { traceId, headers } = callersTrace();
    const definition = {
      kind: 'composite',
      strategy: 'parallel',
      workflows: [
        { id: 'good', definition: graph([says('model', 'Hello')], undefined, { name: 'good one' }) },
        {
          id: 'bad',
          definition: graph([{ id: 'no', type: 'fail', config: { code: 'no', detail: 'No.' } }], undefined, {
            name: 'bad one',
          }),
        },
      ],
    };
    expect((await post('/runs', { definition, input: {} }, headers)).body.run.status).toBe('succeeded');
    const spans = await collector.trace(traceId, 'POST /api/v1/runs');
    const [[, [[run, children]]]] = treeOf(spans, CALLER);
    expect(run).toBe('run inline');
    expect(children.map(([name, inner]: [string, [string][]]) => [name, ...inner.map(([each]) => each)])).toEqual([
      ['run bad one', 'node no'],
      ['run good one', 'node model'],
    ]);
    expect(
      spans
        .filter(({ isError }) => isError)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['node no', 'run bad one']);
    expect(named(spans, 'run bad one').attributes).toMatchObject({ 'chatter.status': 'failed' });
  });

  it('of a run that was put aside go on in its own trace, with a link to the request that asked for it', async () => {
    const { traceId, headers } = callersTrace();
    const ask = graph(
      [
        { id: 'ask', type: 'approval', config: { title: 'Shall I?' } },
        { id: 'done', type: 'end' },
      ],
      [{ from: 'ask', to: 'done', port: 'approved' }],
    );
    const { body } = await post('/runs', { definition: ask, input: {} }, headers);
    expect(body.run.status).toBe('waiting');
    const other = callersTrace();
    await post(`/approvals/${body.approvals[0].id}/decision`, { decision: 'approve' }, other.headers);
    const spans = await collector.trace(
      traceId,
      (known) =>
        known.filter(({ name }) => name === 'run inline').length === 2 &&
        known.some(({ name }) => name === 'POST /api/v1/runs'),
    );
    const request = named(spans, 'POST /api/v1/runs');
    const runs = spans.filter(({ name }) => name === 'run inline');
    expect(runs.map(({ attributes }) => attributes['chatter.run.status'])).toEqual(['waiting', 'succeeded']);
    expect(runs.map(({ parentSpanId }) => parentSpanId)).toEqual([request.spanId, request.spanId]);
    expect(runs.map(({ links }) => links)).toEqual([[], [{ traceId, spanId: request.spanId }]]);
    const { rows } = await sql.query('SELECT traceparent FROM run WHERE id = $1', [body.run.id]);
    expect(rows).toEqual([{ traceparent: `00-${traceId}-${request.spanId}-01` }]);
    const decision = await collector.trace(other.traceId, 'POST /api/v1/approvals/:id/decision');
    expect(decision.map(({ name }) => name)).toEqual(['POST /api/v1/approvals/:id/decision']);
  });

  it('of a run that another process takes over go on there in the same trace', async () => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, SHUTDOWN_TIMEOUT_MS: '0', RUN_SWEEP_MS: '60000' };
    const leaving = await startApp(environment, chatter.database);
    const { traceId, headers } = callersTrace();
    const definition = graph([says('slow', 'one two three four five', '[[slow=1000]]')]);
    const live = await openStream(`${leaving.url}/api/v1/runs`, {
      method: 'POST',
      headers: { ...anna.headers, ...headers },
      body: { definition, input: {}, stream: true },
    });
    await live.event(({ type }) => type === 'token').finally(() => leaving.close());
    const spans = await collector.trace(
      traceId,
      (known) =>
        known.filter(({ name }) => name === 'run inline').length >= 2 &&
        known.some(({ name }) => name === 'POST /api/v1/runs'),
    );
    const runs = spans.filter(({ name }) => name === 'run inline');
    expect(runs.at(-1)!.attributes['chatter.run.status']).toBe('succeeded');
    const request = named(spans, 'POST /api/v1/runs');
    for (const run of runs) expect(run.parentSpanId).toBe(request.spanId);
    expect(runs.at(-1)!.links).toEqual([{ traceId, spanId: request.spanId }]);
    expect(runs.some(({ attributes }) => attributes['chatter.run.status'] === 'handedOver')).toBe(true);
  });

  it('of a request without one begin with the id that its problem tells', async () => {
    const { body } = await chatter.call('GET', '/workflows/019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b', { as: anna });
    const spans = await collector.trace(body.traceId, 'GET /api/v1/workflows/:id');
    expect(spans).toHaveLength(1);
    expect(spans[0]!.parentSpanId ?? '').toBe('');
  });

  it.each([`00-${'0'.repeat(32)}-${CALLER}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`, 'nonsense', ''])(
    'of a request with the traceparent %j begin anew',
    async (traceparent) => {
      const missing = '/workflows/019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
      const { body } = await chatter.call('GET', missing, { as: anna, headers: { traceparent } });
      const spans = await collector.trace(body.traceId, 'GET /api/v1/workflows/:id');
      expect(spans[0]!.parentSpanId ?? '').toBe('');
    },
  );

  it('are not sent of what the caller does not sample', async () => {
    const { traceId } = callersTrace();
    const unsampled = { traceparent: `00-${traceId}-${CALLER}-00` };
    await post('/chat', { message: 'Hello', workflow: 'plain' }, unsampled);
    const next = callersTrace();
    await post('/chat', { message: 'Hello', workflow: 'plain' }, next.headers);
    await collector.trace(next.traceId, 'POST /api/v1/chat');
    expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  it('are not there without a collector, and cost no more than asking', async () => {
    const silent = await startApp({ SCRIPTED_TOKEN_MS: '0' }, chatter.database);
    try {
      expect(silent.app.get(Tracing).isOn).toBe(false);
      expect(silent.app.get(Tracing).start('one')).toBeUndefined();
      const { headers } = callersTrace();
      const { body } = await silent.call('POST', '/chat', {
        as: anna,
        headers,
        body: { message: 'Hello', workflow: 'plain' },
      });
      const { rows } = await sql.query('SELECT traceparent FROM run WHERE id = $1', [body.run.id]);
      expect(rows).toEqual([{ traceparent: null }]);
    } finally {
      await silent.close();
    }
  });

  it('are lost without harm when the collector is away', async () => {
    const environment = {
      SCRIPTED_TOKEN_MS: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    };
    const alone = await startApp(environment, chatter.database);
    const { status } = await alone.call('POST', '/chat', { as: anna, body: { message: 'Hello', workflow: 'plain' } });
    expect(status).toBe(200);
    let hasClosed = false;
    void alone.close().then(() => {
      hasClosed = true;
    });
    await eventually(() => hasClosed, { withinMs: 20_000, what: 'the end of the application' });
  });
});
