import { Client } from 'pg';
import type { SignedIn } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { graph, node } from '../support/stories.js';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { TraceCollector } from '../support/trace-collector.js';
import { upstreamServer, type UpstreamServer } from '../support/upstream-server.js';

/** One of each kind that a person, a provider or a stranger might send. */
const CANARIES = {
  key: `sk-ant-api03-${'Ab3'.repeat(20)}`,
  serverKey: `sk-proj-${'Zy9'.repeat(16)}`,
  email: 'canary.anna@example.com',
  card: '4111 1111 1111 1111',
  password: 'Tr0ub4dor-and-3',
  login: 'postgres://canary:p4ssw0rd-of-it@db:5432/app',
};
const { key, email, card, password, login } = CANARIES;
/** Refuses every row with a canary, in an error that repeats all of it. */
const REFUSAL = `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF to_json(NEW)::text LIKE '%planted%' THEN RAISE EXCEPTION 'refused by the test: %', to_json(NEW); END IF;
    RETURN NEW;
  END $$`;
const REFUSED = /refused by the test/g;
const TEXT = `planted ${key} of ${email}, card ${card}, password=${password}, at ${login}`;

/** A real process with its most talkative log, and everything that may fail with a secret at hand. */
describe('secrets that are in requests, rows and answers of others', () => {
  let servers: Servers;
  let database: TestDatabase;
  let collector: TraceCollector;
  let upstream: UpstreamServer;
  let server: ServerProcess;
  let sql: Client;
  let anna: SignedIn;

  beforeAll(async () => {
    servers = new Servers();
    database = await testDatabase('canaries');
    collector = await TraceCollector.start();
    upstream = await upstreamServer();
    upstream.answer((response) => {
      const said = { error: { message: `Incorrect API key provided: ${CANARIES.serverKey}. ${TEXT}` } };
      response.writeHead(401, { 'Content-Type': 'application/json' }).end(JSON.stringify(said));
    });
    server = await servers.start({
      ...database.environment,
      DATA_DIR: await servers.folder(),
      LOG_LEVEL: 'trace',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OPENAI_COMPATIBLE_BASE_URL: `${upstream.url}/v1`,
      OPENAI_COMPATIBLE_MODELS: 'local/model',
      OPENAI_COMPATIBLE_API_KEY: CANARIES.serverKey,
      DEFAULT_MODEL: 'scripted:default',
      EGRESS_ALLOW: new URL(upstream.url).host,
      MODEL_MAX_RETRIES: '0',
      QUEUE_RECONCILE_MS: '200',
      SCRIPTED_TOKEN_MS: '0',
    });
    sql = new Client(database.connection);
    await sql.connect();
    anna = await server.api.register(email);
  });
  afterAll(async () => {
    await sql?.end();
    await servers.clean();
    await upstream?.stop();
    await collector?.stop();
    await database?.drop();
  });

  const call = (method: string, path: string, body?: object, headers = {}) =>
    server.api.call(method, path, { as: anna, body, headers });

  it('are kept from whoever sends what cannot be answered', async () => {
    const answers = await Promise.all([
      call('POST', '/auth/login', { email, password }),
      call('GET', `/${key}?password=${password}`),
      call('GET', `/runs?cursor=${key}`),
      call('POST', '/chat', { message: 1, [key]: TEXT }),
      call('GET', '/auth/me', undefined, { Authorization: `Bearer ${key}` }),
      fetch(`${server.url}/api/v1/chat`, {
        method: 'POST',
        headers: { ...anna.headers, 'Content-Type': 'application/json' },
        body: `{"message": ${TEXT}`,
      }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 404, 422, 422, 401, 400]);
  });

  it('are in no log, trace, metric or job, whatever fails with them', async () => {
    await call('POST', '/chat', { message: TEXT });
    const refused = await call('POST', '/chat', { message: TEXT, model: 'openai-compatible:local/model' });
    expect([refused.status >= 500, upstream.requests.length]).toEqual([true, 1]);
    expect(JSON.stringify(refused.body)).not.toContain(CANARIES.serverKey);
    await call('POST', '/runs', {
      definition: graph([
        node('call', 'http', { method: 'POST', url: `${upstream.url}/?token=${key}`, body: { TEXT } }),
      ]),
      webhook: { url: `${upstream.url}/hook?token=${key}` },
    });
    await eventually(() => upstream.requests.length >= 3, { what: 'the call and the webhook' });
    await call('POST', '/secrets', { name: 'kept', value: key, hosts: ['api.example.com'] });
    await call('POST', '/mcp/servers', { name: 'strange', url: `${upstream.url}/?password=${password}` });

    await sql.query(REFUSAL);
    for (const table of ['message', 'chunk'])
      await sql.query(`CREATE TRIGGER refuse BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const broken = await call('POST', '/chat', { message: TEXT });
    expect(broken).toMatchObject({ status: 500, body: { type: '/problems/internal' } });
    const { body: document } = await call('POST', '/documents', { title: 'Kept', content: TEXT });
    await eventually(() => (server.output.match(REFUSED) ?? []).length >= 2, { what: 'both refusals in the log' });
    const { body: failed } = await call('GET', `/documents/${document.id}`);

    const { rows: jobs } = await sql.query(`SELECT * FROM "${database.schema}_bullmq".job`);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    await collector.trace(broken.body.traceId, 'POST /api/v1/chat');
    expect(metrics).toContain('# TYPE');
    const answers = JSON.stringify([broken.body, failed]);
    const sinks = { log: server.output, traces: collector.sent, metrics, jobs: JSON.stringify(jobs), answers };
    const told = Object.entries(sinks).flatMap(([sink, text]) =>
      Object.entries(CANARIES).flatMap(([name, canary]) => (text.includes(canary) ? [`${name} in ${sink}`] : [])),
    );
    expect(told).toEqual([]);
    // They were there to be told.
    for (const kind of ['provider-key', 'email', 'card-number', 'secret', 'connection-string'])
      expect(server.output).toContain(`[redacted:${kind}]`);
  });
});
