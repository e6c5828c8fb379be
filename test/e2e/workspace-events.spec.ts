import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../src/platform/clock/id.js';
import { Database } from '../../src/platform/database/database.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { libraryOf } from '../support/knowledge.js';
import { openNews, type News } from '../support/news.js';

const ASKING = {
  kind: 'graph',
  nodes: [
    { id: 'ask', type: 'approval', config: { title: 'Publish?' } },
    { id: 'done', type: 'end', config: {} },
  ],
  edges: [{ from: 'ask', to: 'done', port: 'approved' }],
};

/** Two looks, and some time to write what they find. */
const A_WHILE_MS = 3_000;

describe('the events of a workspace', () => {
  let one: TestApp;
  let two: TestApp;
  let anna: SignedIn;
  let bert: SignedIn;
  let carl: SignedIn;
  let shared: Readonly<Record<string, string>>;
  const streams: News[] = [];

  beforeAll(async () => {
    one = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    two = await startApp({ SCRIPTED_TOKEN_MS: '0' }, one.database);
    [anna, bert, carl] = [await one.register(), await one.register(), await one.register()];
    const { body: workspace } = await one.call('POST', '/workspaces', { as: anna, body: { name: 'Shared' } });
    shared = { 'X-Workspace-Id': workspace.id };
    const member = { email: bert.user.email, role: 'viewer' };
    await one.call('POST', `/workspaces/${workspace.id}/members`, { as: anna, body: member });
  });
  afterEach(() => streams.splice(0).forEach(({ stream }) => stream.close()));
  afterAll(async () => {
    await two.close();
    await one.close();
  });

  const listen = async (as: Pick<SignedIn, 'headers'>, options: { after?: string; chatter?: TestApp } = {}) => {
    const headers = as === carl ? as.headers : { ...as.headers, ...shared };
    const news = await openNews((options.chatter ?? one).url, headers, options);
    expect(news.stream.status).toBe(200);
    streams.push(news);
    return news;
  };
  const send = async (method: string, path: string, body?: unknown, chatter = one) => {
    const answer = await chatter.call(method, path, { as: anna, body, headers: shared });
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const turn = async (chatter = one) =>
    (await send('POST', '/chat', { message: 'Say exactly: hello' }, chatter)).run.id as string;

  it('tell every member of runs, approvals, documents, tickets and workflows, as they come', async () => {
    const news = await listen(bert);
    expect(news.stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });

    const { run: chat, conversation } = await send('POST', '/chat', { message: 'Say exactly: hello' });
    expect((await news.of('run.ended', chat.id)).event).toMatchObject({
      kind: 'chat',
      status: 'succeeded',
      conversationId: conversation.id,
      workflow: { name: 'plain' },
      at: expect.stringMatching(/Z$/),
    });
    expect(news.typesOf(chat.id)).toEqual(['run.started', 'run.ended']);

    const { run, approvals } = await send('POST', '/runs', { definition: ASKING, input: {} });
    await news.of('run.waiting', run.id);
    expect((await news.of('approval.required', approvals[0].id)).event).toMatchObject({
      runId: run.id,
      title: 'Publish?',
    });
    await send('POST', `/approvals/${approvals[0].id}/decision`, { decision: 'approve' });
    expect((await news.of('approval.decided', approvals[0].id)).event).toMatchObject({
      status: 'approved',
      decidedBy: anna.user.id,
    });
    expect((await news.of('run.ended', run.id)).event).toMatchObject({ kind: 'workflow', status: 'succeeded' });
    expect(news.typesOf(run.id)).toEqual(['run.started', 'run.waiting', 'run.ended']);

    const library = libraryOf(one, { headers: { ...anna.headers, ...shared } as SignedIn['headers'] });
    const tea = await library.add('Tea', 'Tea is hot.');
    expect((await news.of('document.ready', tea.id)).event).toMatchObject({ title: 'Tea', collection: 'default' });
    const broken = await library.upload('wrong.pdf', 'This is no PDF.');
    expect((await news.of('document.failed', broken.body.id)).event).toMatchObject({
      problem: { type: '/problems/document-unreadable' },
    });

    await send('POST', '/tools/grants', { role: 'owner', pattern: '*', level: 'execute' });
    await send('POST', '/tools/createTicket/invoke', { arguments: { title: 'Parcel' } });
    const [ticket] = (await send('GET', '/tickets')).items;
    await news.of('ticket.opened', ticket.id);
    await send('PATCH', `/tickets/${ticket.id}`, { status: 'resolved' });
    expect((await news.of('ticket.changed', ticket.id)).event).toMatchObject({ title: 'Parcel', status: 'resolved' });
    await send('POST', '/tools/escalate/invoke', { arguments: { ticketId: ticket.id, reason: 'Again.' } });
    await news.of('ticket.escalated', ticket.id);
    await sleep(A_WHILE_MS);
    expect(news.typesOf(ticket.id)).toEqual(['ticket.opened', 'ticket.changed', 'ticket.escalated']);

    const workflow = await send('POST', '/workflows', { name: 'Publishing', definition: ASKING });
    await send('POST', `/workflows/${workflow.id}/publish`, {});
    expect((await news.of('workflow.published', workflow.id)).event).toMatchObject({ name: 'Publishing', version: 1 });

    const ids = news.frames.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are told to nobody of another workspace, whose member hears of their own', async () => {
    const [inside, outside] = [await listen(anna), await listen(carl)];
    const { run } = await send('POST', '/runs', { definition: ASKING, input: {} });
    await inside.of('run.waiting', run.id);
    const own = (await one.call('POST', '/chat', { as: carl, body: { message: 'Say exactly: mine' } })).body.run.id;
    await outside.of('run.ended', own);
    expect(outside.frames.map(({ event }) => event.id)).toEqual([own, own]);
    expect(inside.typesOf(own)).toEqual([]);

    const replayed = await listen(carl, { after: inside.frames[0]!.id });
    await replayed.of('run.ended', own);
    await sleep(A_WHILE_MS);
    expect(new Set(replayed.frames.map(({ event }) => event.id))).toEqual(new Set([own]));
  });

  it('come from whichever process they happen in', async () => {
    const [first, second] = [await listen(anna), await listen(anna, { chatter: two })];
    const run = await turn(two);
    for (const news of [first, second]) expect((await news.of('run.ended', run)).event.status).toBe('succeeded');
    expect(first.frames).toEqual(second.frames);
  });

  it('lose nothing to a cut, and keep their ids', async () => {
    const whole = await listen(anna);
    const cut = await listen(anna);
    await cut.of('run.ended', await turn());
    cut.stream.close();
    const last = cut.frames.at(-1)!.id;
    const missed = [await turn(), await turn(two)];
    const resumed = await listen(anna, { after: last, chatter: two });
    missed.push(await turn());
    for (const run of missed) {
      const [told, again] = [await whole.of('run.ended', run), await resumed.of('run.ended', run)];
      expect(again).toEqual(told);
      expect(resumed.typesOf(run)).toEqual(['run.started', 'run.ended']);
    }
    const byQuery = await one.call('GET', '/events?after=1764288000000-run.ended', { as: anna });
    expect([byQuery.status, byQuery.body.errors[0].pointer]).toEqual([422, '/after']);
  });

  it('are at most an hour old', async () => {
    const [recent, old] = [await turn(), await turn()];
    await one.app
      .get(Database, { strict: false })
      .query(
        `UPDATE run SET started_at = now() - interval '2 hours', ended_at = now() - interval '90 minutes' WHERE id = $1`,
        [old],
      );
    const news = await listen(anna, { after: `1764288000000-run.ended-${newId()}` });
    await news.of('run.ended', recent);
    expect(news.typesOf(old)).toEqual([]);
  });

  it.each(['7', 'x', '1764288000000-run.ended-', `99999999999999999-run.ended-${newId()}`])(
    'are not resumed from %s, which is no id of theirs',
    async (after) => {
      const answer = await one.call('GET', '/events', { as: anna, headers: { 'Last-Event-ID': after } });
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([422, '/Last-Event-ID']);
    },
  );

  it('are those that a key with scopes may list', async () => {
    const keyed = async (scopes: readonly string[]) => {
      const { body } = await one.call('POST', '/auth/api-keys', { as: anna, body: { name: 'k', scopes } });
      return { headers: { Authorization: `Bearer ${body.key}` } };
    };
    const refused = await one.call('GET', '/events', { as: await keyed(['runs:read']), headers: shared });
    expect(refused.status).toBe(403);
    const news = await listen(await keyed(['events:read', 'approvals:read']));
    const { approvals } = await send('POST', '/runs', { definition: ASKING, input: {} });
    await news.of('approval.required', approvals[0].id);
    await sleep(A_WHILE_MS);
    expect(news.frames).toHaveLength(1);
  });

  it('end for a reader who is no member any more', async () => {
    const news = await listen(bert);
    await one.call('DELETE', `/workspaces/${shared['X-Workspace-Id']}/members/${bert.user.id}`, { as: anna });
    expect(await news.stream.ended).toBe('cut');
    expect(news.isDone).toBe(false);
  });

  it('end with [DONE] when the server stops', async () => {
    const three = await startApp({}, one.database);
    const news = await listen(anna, { chatter: three });
    await news.of('run.ended', await turn());
    await three.close();
    expect([await news.stream.ended, news.isDone]).toEqual(['end', true]);
  });
});
