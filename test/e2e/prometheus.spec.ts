import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (-?[\\d.]+(?:e[+-]?\\d+)?|[+-]Inf|NaN)$`);

/** The text format of Prometheus, taken apart. Anything that is not exactly as its specification says throws. */
function parsed(text: string): readonly Sample[] {
  expect(text.endsWith('\n')).toBe(true);
  const types = new Map<string, string>();
  return text.split('\n').flatMap((line): Sample[] => {
    if (line === '' || line.startsWith('# HELP ')) return [];
    const [, typed, type] = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line) ?? [];
    if (typed !== undefined && type !== undefined) {
      if (types.has(typed)) throw new Error(`${typed} is described twice.`);
      types.set(typed, type);
      return [];
    }
    const [, name = '', inner = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (name === '' || !(types.has(name) || types.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram'))
      throw new Error(`This is no sample of a described metric: ${JSON.stringify(line)}`);
    const labels: Record<string, string> = {};
    for (LABEL.lastIndex = 0; LABEL.lastIndex < inner.length;) {
      const at = LABEL.lastIndex;
      const [, label, text_] = LABEL.exec(inner) ?? [];
      if (label === undefined || text_ === undefined) throw new Error(`These are no labels: ${inner.slice(at)}`);
      labels[label] = text_;
    }
    return [{ name, labels, value: value.endsWith('Inf') ? Infinity : Number(value) }];
  });
}

describe('GET /metrics', () => {
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    anna = await chatter.register();
  });
  afterAll(() => chatter?.close());

  const scrape = async (url = chatter.url, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/metrics`, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const value = (samples: readonly Sample[], name: string, labels: Sample['labels'] = {}): number | undefined =>
    samples.find(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
    )?.value;

  it('tells what was done in the text format of Prometheus', async () => {
    await chatter.call('POST', '/chat', { as: anna, body: { message: 'What is 2 + 3?', workflow: 'tools' } });
    await chatter.call('POST', '/chat', { as: anna, body: { message: '[[fail=rejected]] Hello', workflow: 'plain' } });
    await chatter.call('GET', '/runs/no-id', { as: anna });
    await chatter.call('GET', '/auth/me');
    const samples = await eventually(async () => {
      const { status, headers, text } = await scrape();
      expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
      const told = parsed(text);
      return value(told, 'http_server_request_duration_seconds_count', { http_route: '/api/v1/auth/me' }) === 1 && told;
    });
    const model = {
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: 'scripted',
      gen_ai_request_model: 'default',
    };
    expect(value(samples, 'gen_ai_client_operation_duration_seconds_count', { ...model, error_type: '' })).toBe(2);
    const rejected = { ...model, error_type: 'model-rejected' };
    expect(value(samples, 'gen_ai_client_operation_duration_seconds_count', rejected)).toBe(1);
    expect(value(samples, 'gen_ai_client_operation_time_to_first_chunk_seconds_count', model)).toBe(2);
    for (const type of ['input', 'output'])
      expect(value(samples, 'gen_ai_client_token_usage_sum', { ...model, gen_ai_token_type: type })).toBeGreaterThan(0);
    expect(value(samples, 'gen_ai_execute_tool_duration_seconds_count', { error_type: '' })).toBe(1);
    expect(value(samples, 'chatter_run_duration_seconds_count', { kind: 'chat', status: 'succeeded' })).toBe(1);
    expect(value(samples, 'chatter_run_duration_seconds_count', { kind: 'chat', status: 'failed' })).toBe(1);
    const http = { http_request_method: 'GET', stream: 'false' };
    const count = (labels: Sample['labels']) =>
      value(samples, 'http_server_request_duration_seconds_count', { ...http, ...labels });
    expect(count({ http_route: '/api/v1/runs/:id', http_response_status_class: '4xx' })).toBe(1);
    expect(count({ http_route: '/api/v1/auth/me', http_response_status_class: '4xx' })).toBe(1);
    for (const name of ['chatter_runs_active', 'chatter_run_queue_depth', 'chatter_streams_open'])
      expect([name, value(samples, name)]).toEqual([name, 0]);
    for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'chatter_database_pool_open'])
      expect([name, value(samples, name)! > 0]).toEqual([name, true]);
  });

  it('names no workspace, user, run or path that a caller chose', async () => {
    await chatter.call('GET', `/runs/${anna.user.id}`, { as: anna });
    await fetch(`${chatter.url}/somewhere/${anna.user.id}?secret=1`);
    await fetch(`${chatter.url}/somewhere`, { method: 'PROPFIND' });
    const { text } = await scrape();
    expect(text).not.toMatch(/[\da-f]{8}-[\da-f]{4}-/);
    expect(text).not.toContain('somewhere');
    expect(text).not.toContain('PROPFIND');
    const labels = new Set(parsed(text).flatMap((sample) => Object.keys(sample.labels)));
    expect([...labels].toSorted()).toEqual([
      'error_type',
      'gen_ai_operation_name',
      'gen_ai_provider_name',
      'gen_ai_request_model',
      'gen_ai_token_type',
      'http_request_method',
      'http_response_status_class',
      'http_route',
      'kind',
      'le',
      'status',
      'stream',
    ]);
  });

  it('asks for the token when there is one', async () => {
    const METRICS_TOKEN = 'a-token-of-some-length';
    const guarded = await startApp({ METRICS_TOKEN }, chatter.database);
    try {
      const none = await scrape(guarded.url);
      expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="chatter metrics"']);
      expect((await scrape(guarded.url, { Authorization: 'Bearer a-token-of-another-kind' })).status).toBe(401);
      expect((await scrape(guarded.url, { Authorization: `Bearer ${anna.token}` })).status).toBe(401);
      expect((await scrape(guarded.url, { Authorization: `Bearer ${METRICS_TOKEN}` })).status).toBe(200);
    } finally {
      await guarded.close();
    }
  });

  it('is not there in production without one', async () => {
    const production = await startApp({ NODE_ENV: 'production' }, chatter.database);
    try {
      expect((await scrape(production.url)).status).toBe(404);
    } finally {
      await production.close();
    }
  });
});
