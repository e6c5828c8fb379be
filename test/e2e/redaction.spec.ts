import { says, workflowRoom, graph } from '../support/run-room.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';

const EMAIL = 'canary.anna@example.com';
const KEY = `sk-ant-api03-${'Ab3'.repeat(20)}`;
const CARD = '4111 1111 1111 1111';

/** Scripted models speak in small pieces, so that a secret comes in many. */
describe('what a workspace does with secrets in content', () => {
  let chatter: TestApp;
  let room: ReturnType<typeof workflowRoom>;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    room = workflowRoom(chatter);
  });

  afterAll(() => chatter.close());

  const member = async (redaction: 'off' | 'mask' | 'block'): Promise<SignedIn> => {
    const user = await chatter.register();
    const path = `/workspaces/${user.user.personalWorkspaceId}`;
    const { status, body } = await chatter.call('PATCH', path, { as: user, body: { redaction } });
    expect([status, body.redaction]).toEqual([200, redaction]);
    return user;
  };
  const chat = (as: SignedIn, message: string, more: object = {}) =>
    chatter.call('POST', '/chat', { as, body: { message, ...more } });
  const streamed = async (as: SignedIn, message: string): Promise<string> => {
    const answer = await fetch(`${chatter.url}/api/v1/chat`, {
      method: 'POST',
      headers: { ...as.headers, 'Content-Type': 'application/json', Accept: 'text/event-stream' },
      body: JSON.stringify({ message, stream: true }),
    });
    return answer.text();
  };
  /** Everything the database holds of a workspace's content. */
  const stored = async (): Promise<string> => {
    const tables = ['run', 'run_event', 'message', 'conversation', 'approval', 'audit'];
    const { Client } = await import('pg');
    const client = new Client(chatter.database.connection);
    await client.connect();
    try {
      const rows = [];
      for (const table of tables) rows.push((await client.query(`SELECT * FROM ${table}`)).rows);
      return JSON.stringify(rows);
    } finally {
      await client.end();
    }
  };
  /** What clients put together of the pieces. */
  const saidIn = (stream: string): string =>
    [...stream.matchAll(/^data: (\{.*)$/gm)]
      .map(([, data]) => JSON.parse(data!) as { type: string; content?: string })
      .filter(({ type }) => type === 'token')
      .map(({ content }) => content)
      .join('');

  it('is nothing at first', async () => {
    const anna = await chatter.register();
    const { body } = await chatter.call('GET', `/workspaces/${anna.user.personalWorkspaceId}`, { as: anna });
    expect(body.redaction).toBe('off');
    const answer = await chat(anna, `Say exactly: write to off@example.com now`);
    expect(answer.body.message.content).toContain('off@example.com');
  });

  it('masks: neither stored, nor sent to the model, nor answered, streamed or replayed', async () => {
    const anna = await member('mask');
    const answer = await chat(anna, `Say exactly: my key is ${KEY} and mail ${EMAIL} ok`);
    expect(answer.status).toBe(200);
    expect(answer.body.message.content).toBe('my key is [redacted:provider-key] and mail [redacted:email] ok');
    expect(answer.body.conversation.title).not.toContain('canary');
    const stream = await streamed(anna, `Say exactly: card ${CARD} and mail ${EMAIL} ok`);
    expect(saidIn(stream)).toBe('card [redacted:card-number] and mail [redacted:email] ok');
    const runId = /"runId":"([^"]+)"/.exec(stream)?.[1] ?? '';
    const replay = JSON.stringify(await room.events(anna, runId));
    for (const text of [stream, replay, JSON.stringify(answer.body), await stored()])
      for (const canary of [EMAIL, KEY, CARD]) expect(text).not.toContain(canary);
  });

  it('masks what models make up, piece by piece, and what a run comes to', async () => {
    const anna = await member('mask');
    const parts = { part: 'canary.anna', rest: 'example.com' };
    const { body } = await room.run(
      anna,
      graph([says('told', 'it is {{input.part}}@{{input.rest}} indeed')], [], { output: { text: '{{told}}' } }),
      { input: parts, metadata: { customer: EMAIL } },
    );
    expect(body.run.metadata).toEqual({ customer: '[redacted:email]' });
    expect(body.run.output).toEqual({ text: 'it is [redacted:email] indeed' });
    const told = JSON.stringify([await room.events(anna, body.run.id), await room.steps(anna, body.run.id)]);
    expect(told).toContain('[redacted:email]');
    expect(told).not.toContain(EMAIL);
  });

  it('masks what a run and its child had come to when they failed', async () => {
    const anna = await member('mask');
    const set = { id: 's', type: 'set', config: { values: { mail: '{{input.a}}@{{input.b}}' } } };
    const fail = { id: 'f', type: 'fail', config: { code: 'no', detail: 'No.' } };
    const workflows = [{ id: 'child', definition: graph([set, fail]) }];
    const { body } = await room.run(
      anna,
      { kind: 'composite', strategy: 'parallel', onError: 'failFast', workflows },
      { input: { a: 'canary.anna', b: 'example.com' } },
    );
    const result = { id: 'child', status: 'failed', output: { mail: '[redacted:email]' } };
    expect(body.run).toMatchObject({ status: 'failed', output: { results: [result] } });
    const children = await room.read(`/runs/${body.run.id}/children`, anna);
    expect(children.items).toMatchObject([{ status: 'failed', output: { mail: '[redacted:email]' } }]);
    expect(JSON.stringify([body, children, await room.events(anna, body.run.id)])).not.toContain(EMAIL);
  });

  it('keeps every other character of what is said', async () => {
    const anna = await member('mask');
    const text = 'Numbers 1 2 3, "quotes", 日本語 and 😀; the end (of it) is 42';
    expect((await chat(anna, `Say exactly: ${text}`)).body.message.content).toBe(text);
    expect(saidIn(await streamed(anna, `Say exactly: ${text}`))).toBe(text);
  });

  it('blocks a message, an edit and a title, naming what was found and never the text', async () => {
    const anna = await member('block');
    const { body: conversation } = await chatter.call('POST', '/conversations', { as: anna, body: {} });
    const said = await chatter.call('POST', `/conversations/${conversation.id}/messages`, {
      as: anna,
      body: { content: 'harmless' },
    });
    const attempts = [
      await chat(anna, `Remember ${EMAIL} and ${KEY}`),
      await chatter.call('POST', '/runs', {
        as: anna,
        body: { definition: graph([says('a', 'x')]), input: { EMAIL } },
      }),
      await chatter.call('PATCH', `/conversations/${conversation.id}`, { as: anna, body: { title: EMAIL } }),
      await chatter.call('PUT', `/conversations/${conversation.id}/messages/${said.body.id}`, {
        as: anna,
        body: { content: `I am ${EMAIL}` },
      }),
    ];
    expect(attempts.map(({ status }) => status)).toEqual([422, 422, 422, 422]);
    for (const { status, body } of attempts) {
      expect([status, body.type]).toEqual([422, '/problems/content-blocked']);
      expect(body.kinds).toContain('email');
      expect(JSON.stringify(body)).not.toContain('canary');
    }
    expect(attempts[0]?.body.kinds).toEqual(['email', 'provider-key']);
    expect(await stored()).not.toContain(EMAIL);
  });

  it('blocks an answer: the run fails before the secret is said', async () => {
    const anna = await member('block');
    const parts = { part: 'canary.anna', rest: 'example.com' };
    const { body } = await room.run(anna, graph([says('told', 'it is {{input.part}}@{{input.rest}} indeed')]), {
      input: parts,
    });
    expect(body.run).toMatchObject({
      status: 'failed',
      problem: { type: '/problems/content-blocked', kinds: ['email'] },
    });
    expect(JSON.stringify([body, await room.events(anna, body.run.id)])).not.toContain(EMAIL);
  });

  it('blocks an output that no model said', async () => {
    const anna = await member('block');
    const definition = graph([{ id: 's', type: 'set', config: { values: { mail: '{{input.a}}@{{input.b}}' } } }]);
    const { body } = await room.run(anna, definition, { input: { a: 'canary.anna', b: 'example.com' } });
    const problem = { type: '/problems/content-blocked' };
    expect(body.run).toMatchObject({ status: 'failed', problem, output: { mail: '[redacted:email]' } });
    expect(JSON.stringify([body, await room.events(anna, body.run.id)])).not.toContain(EMAIL);
  });

  it('is set by admins alone', async () => {
    const [anna, ben] = [await chatter.register(), await chatter.register()];
    const path = `/workspaces/${anna.user.personalWorkspaceId}`;
    await chatter.call('POST', `${path}/members`, { as: anna, body: { email: ben.user.email, role: 'editor' } });
    expect((await chatter.call('PATCH', path, { as: ben, body: { redaction: 'mask' } })).status).toBe(403);
    expect((await chatter.call('PATCH', path, { as: anna, body: { redaction: 'hide' } })).status).toBe(422);
  });
});
