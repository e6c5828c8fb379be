import { Client } from 'pg';
import type { ChatMessage } from '../../src/llm/chat-model.js';
import { isSummaryMessage, summaryAsked } from '../../src/llm/conversation-summary.js';
import { MemoryStores } from '../../src/knowledge/memory/memory-stores.js';
import { LlmModule } from '../../src/llm/llm.module.js';
import { tokenCounter } from '../../src/llm/token-estimate.js';
import { startApp, type Answer, type SignedIn, type TestApp } from '../support/app.js';
import { RecordedProvider, SMALL_WINDOW } from '../support/recorded-model.js';
import { install } from '../support/stories.js';

interface Turn {
  readonly message: string;
  readonly [parameter: string]: unknown;
}

const TURNS = 50;
const FACTS: Readonly<Record<number, string>> = {
  3: 'My daughter is called Wilhelmina.',
  7: 'I work as a lighthouse keeper.',
  12: 'My favourite pudding is spotted dick.',
};

/** What a model is told of a conversation that is longer than its window. */
describe('the memory of a conversation', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let model: RecordedProvider;
  let sql: Client;

  beforeAll(async () => {
    install(LlmModule, RecordedProvider);
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', EVENT_FLUSH_MS: '5' });
    anna = await chatter.register();
    model = chatter.app.get(RecordedProvider, { strict: false });
    sql = new Client(chatter.database.connection);
    await sql.connect();
    const short = { name: 'short', extends: 'plain', parameters: { memoryWindow: 4 } };
    expect((await call('POST', '/templates', short)).status).toBe(201);
  });
  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });
  beforeEach(() => {
    model.requests.length = 0;
    model.isForgetful = false;
  });

  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    chatter.call(method, path, { as: anna, body });
  const chat = async (turn: Turn): Promise<Answer['body']> => {
    const { status, body } = await call('POST', '/chat', { model: 'recorded:large', workflow: 'short', ...turn });
    expect([status, body.detail]).toEqual([200, undefined]);
    return body;
  };
  const branch = async (id: string, through?: string): Promise<Answer['body'][]> =>
    (await call('GET', `/conversations/${id}/messages?limit=100${through ? `&branch=${through}` : ''}`)).body.items;
  const events = async (runId: string): Promise<Answer['body'][]> =>
    (await call('GET', `/runs/${runId}/events?limit=100`)).body.items;
  /** A conversation of these turns. */
  async function spoken(...messages: readonly string[]): Promise<string> {
    let conversationId: string | undefined;
    for (const message of messages)
      conversationId = (await chat({ message, conversationId })).conversation.id as string;
    return conversationId!;
  }
  /** What the model was told at last. */
  const told = (): readonly ChatMessage[] => model.requests.at(-1)!.messages;
  const summaryOf = (messages: readonly ChatMessage[]): string => messages.find(isSummaryMessage)?.content ?? '';
  const counting = (count: number, from = 1): string[] =>
    Array.from({ length: count }, (_, index) => `Say exactly: ${from + index}`);

  it(`answers in turn ${TURNS} what was said in turn 3, within the window and with few summaries`, async () => {
    let conversationId: string | undefined;
    for (let turn = 1; turn < TURNS; turn += 1) {
      const message = FACTS[turn] ?? `What rhymes with turn ${turn}?`;
      const body = await chat({ message, conversationId });
      conversationId = body.conversation.id as string;
      const said = told().filter(({ role }) => role !== 'system');
      expect(said.length).toBe(Math.min(2 * turn - 1, 5));
      expect(said.at(-1)?.content).toBe(message);
    }
    for (const [question, answer] of [
      ['What is my daughter called?', 'Wilhelmina'],
      ['What do I work as?', 'lighthouse keeper'],
      ['What is my favourite pudding?', 'spotted dick'],
    ] as const) {
      expect((await chat({ message: question, conversationId })).message.content).toContain(answer);
      expect(
        told()
          .filter(({ role }) => role === 'user')
          .map(({ content }) => content)
          .join(),
      ).not.toContain(answer);
    }
    // Each folds more than half a window: one for two turns.
    expect(model.summaries.length).toBeGreaterThan(20);
    expect(model.summaries.length).toBeLessThan(30);
    for (const { messages } of model.summaries) expect(summaryAsked(messages)!.messages.length).toBeLessThanOrEqual(6);

    const { body } = await call('GET', `/conversations/${conversationId}`);
    expect(body.summary).toContain('Wilhelmina');
    const messages = await call('GET', `/conversations/${conversationId}/messages/${body.summarisedUpTo}`);
    expect(messages.status).toBe(200);
    const { rows } = await sql.query('SELECT tokens, sequence FROM conversation_summary WHERE conversation_id = $1', [
      conversationId,
    ]);
    expect(rows.length).toBeLessThanOrEqual(21);
    for (const { tokens } of rows) expect(tokens).toBeGreaterThan(0);
  });

  it('counts a summary as part of the run, and never shows it', async () => {
    const id = await spoken(...counting(3));
    const { run, message } = await chat({ message: 'Say exactly: 4', conversationId: id });
    const all = await events(run.id);
    const usages = all.filter(({ type }) => type === 'usage');
    expect(usages.map(({ path }) => path)).toEqual([['memory'], ['model']]);
    expect(run.usage.totalTokens).toBe(usages.reduce((sum, { totalTokens }) => sum + totalTokens, 0));
    expect(all.filter(({ type }) => type === 'token').map(({ path }) => path.join())).toEqual(['model']);
    expect(message.content).toBe('4');
    expect(JSON.stringify(all)).not.toContain('"answer"');
    expect(await branch(id)).toHaveLength(8);
  });

  it('asks for no summary as long as the window holds all, nor when a workflow does without', async () => {
    const id = await spoken('Say exactly: 1', 'Say exactly: 2');
    expect(model.requests).toHaveLength(2);
    await chat({ message: 'Say exactly: 3', conversationId: id, parameters: { memorySummary: false } });
    expect(told()).toHaveLength(5);
    await chat({ message: 'Say exactly: 4', conversationId: id, parameters: { memorySummary: false } });
    expect(told()).toHaveLength(5);
    expect(model.summaries).toEqual([]);
  });

  it('goes on without a summary that cannot be made, says so, and makes it in a later turn', async () => {
    const id = await spoken('My name is Ada.', ...counting(2));
    model.isForgetful = true;
    const { run, message } = await chat({ message: 'Say exactly: 3', conversationId: id });
    expect(message.content).toBe('3');
    expect(await events(run.id)).toContainEqual(
      expect.objectContaining({
        type: 'note',
        code: 'summary-behind',
        detail: expect.stringContaining('no summaries'),
      }),
    );
    await chat({ message: 'Say exactly: 4', conversationId: id });
    model.isForgetful = false;
    expect((await chat({ message: 'What is my name?', conversationId: id })).message.content).toBe('Your name is Ada.');
    expect(summaryAsked(model.summaries.at(-1)!.messages)!.messages[0]).toMatchObject({ content: 'My name is Ada.' });
  });

  describe('on branches', () => {
    const regenerate = async (id: string, messageId: string): Promise<void> => {
      const { status } = await call('POST', `/conversations/${id}/messages/${messageId}/regenerate`, {
        model: 'recorded:large',
      });
      expect(status).toBe(200);
    };
    const secret = '[[tokens=3]] My password hint is Zanzibar.';

    it('never tells what was said on a sibling', async () => {
      const id = await spoken('My name is Ada.', secret, ...counting(5));
      expect((await call('GET', `/conversations/${id}`)).body.summary).toContain('Zanzibar');
      const messages = await branch(id);
      const edited = await call('PUT', `/conversations/${id}/messages/${messages[2]!.id}`, {
        content: 'Say exactly: 0',
      });
      expect(edited.status).toBe(201);
      expect((await call('GET', `/conversations/${id}`)).body).not.toHaveProperty('summary');
      model.requests.length = 0;
      await regenerate(id, edited.body.id);
      for (const message of counting(6)) await chat({ message, conversationId: id });
      const { message } = await chat({ message: 'What is my password hint?', conversationId: id });
      expect(message.content).not.toContain('Zanzibar');
      expect((await chat({ message: 'What is my name?', conversationId: id })).message.content).toBe(
        'Your name is Ada.',
      );
      expect(JSON.stringify(model.requests)).not.toContain('Zanzibar');
      expect(model.summaries.length).toBeGreaterThan(0);
      expect((await call('GET', `/conversations/${id}`)).body.summary).not.toContain('Zanzibar');

      // Back on the first branch, its own summary holds again, without another.
      model.requests.length = 0;
      const last = messages.at(-2)!.id;
      await regenerate(id, last);
      expect(summaryOf(told())).toContain('Zanzibar');
      expect(model.summaries).toEqual([]);
      expect((await call('GET', `/conversations/${id}`)).body.summary).toContain('Zanzibar');
    });

    it('holds for the message itself that is answered anew, however far back', async () => {
      const id = await spoken('My name is Ada.', 'Say exactly: 1', secret, ...counting(5, 2));
      const messages = await branch(id);
      model.requests.length = 0;
      await regenerate(id, messages[2]!.id);
      expect(JSON.stringify(model.requests)).not.toContain('Zanzibar');
    });

    it('goes along into a fork, as far as that has what it tells', async () => {
      const id = await spoken('My name is Ada.', secret, ...counting(4));
      const messages = await branch(id);
      const whole = (await call('POST', `/conversations/${id}/fork`, {})).body;
      expect(whole.summary).toContain('Zanzibar');
      model.requests.length = 0;
      await chat({ message: 'Say exactly: on', conversationId: whole.id });
      expect(summaryOf(told())).toContain('Zanzibar');
      expect(model.summaries).toEqual([]);
      const part = (await call('POST', `/conversations/${id}/fork`, { messageId: messages[1]!.id })).body;
      expect(part).not.toHaveProperty('summary');
      for (const message of counting(5)) await chat({ message, conversationId: part.id });
      expect(summaryOf(told())).toContain('Ada');
      expect(summaryOf(told())).not.toContain('Zanzibar');
    });

    it('is made anew without a message that is deleted', async () => {
      const id = await spoken('My name is Ada.', secret, ...counting(4));
      const messages = await branch(id);
      expect((await call('DELETE', `/conversations/${id}/messages/${messages[2]!.id}`)).status).toBe(204);
      const { rows } = await sql.query('SELECT content FROM conversation_summary WHERE conversation_id = $1', [id]);
      expect(JSON.stringify(rows)).not.toContain('Zanzibar');
      model.requests.length = 0;
      for (const message of counting(2)) await chat({ message, conversationId: id });
      expect(summaryOf(told())).toContain('Ada');
      expect(JSON.stringify(model.requests)).not.toContain('Zanzibar');
    });
  });

  it('hides in a summary what the workspace hides', async () => {
    const ben = await chatter.register();
    const workspace = `/workspaces/${ben.user.personalWorkspaceId}`;
    let conversationId: string | undefined;
    const say = async (message: string): Promise<void> => {
      const body = { message, conversationId, model: 'recorded:large', memoryWindow: 2 };
      conversationId = (await chatter.call('POST', '/chat', { as: ben, body })).body.conversation.id as string;
    };
    await say('My mail is ada@example.com.');
    const { status } = await chatter.call('PATCH', workspace, { as: ben, body: { redaction: 'mask' } });
    expect(status).toBe(200);
    for (const message of counting(3)) await say(message);
    expect(JSON.stringify(model.summaries)).toContain('ada@example.com');
    const { rows } = await sql.query('SELECT content FROM conversation_summary WHERE conversation_id = $1', [
      conversationId,
    ]);
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain('ada@example.com');
  });

  describe('in a small context window', () => {
    const long = (index: number): string => `${index} ${'is a word. '.repeat(60)}`;

    it('never exceeds it, and says what was left out', async () => {
      const count = await tokenCounter();
      let conversationId: string | undefined;
      const notes: string[] = [];
      for (let turn = 1; turn <= 12; turn += 1) {
        const body = await chat({
          message: turn === 2 ? 'My name is Ada.' : long(turn),
          conversationId,
          memoryWindow: 20,
          model: 'recorded:small',
        });
        conversationId = body.conversation.id as string;
        notes.push(
          ...(await events(body.run.id)).flatMap(({ type, code }) => (type === 'note' ? [code as string] : [])),
        );
        expect(told().at(-1)?.content).toBe(turn === 2 ? 'My name is Ada.' : long(turn));
      }
      expect(notes).toContain('memory-trimmed');
      for (const { messages, maxTokens } of model.requests) {
        const tokens = messages.reduce((sum, { content }) => sum + 4 + count(content), 0);
        expect(tokens).toBeLessThanOrEqual(SMALL_WINDOW - (maxTokens ?? SMALL_WINDOW / 4));
      }
      const last = await chat({ message: 'What is my name?', conversationId, model: 'recorded:small' });
      expect(last.message.content).toBe('Your name is Ada.');
    });

    it('refuses a message that does not fit alone, and keeps the conversation', async () => {
      const message = 'a word '.repeat(1_400);
      const { status, body } = await call('POST', '/chat', { message, model: 'recorded:small' });
      expect([status, body.type]).toEqual([422, expect.stringContaining('/problems/context-exceeded')]);
      expect(body.detail).toMatch(/has room for 750/);
      expect(model.requests).toEqual([]);
    });
  });

  describe('of the user', () => {
    const remember = ({ user }: SignedIn, content: string) =>
      chatter.app
        .get(MemoryStores, { strict: false })
        .of({ workspaceId: user.personalWorkspaceId, userId: user.id })
        .remember(content);

    it('tells facts that fit the question when a workflow asks for them, and only then', async () => {
      await remember(anna, 'Allergic to peanuts.');
      await remember(anna, 'Plays the oboe.');
      await chat({ message: 'Are peanuts fine?' });
      expect(JSON.stringify(told())).not.toContain('Allergic');
      await chat({ message: 'Are peanuts fine?', parameters: { memoryFacts: 5 } });
      expect(told()[0]).toMatchObject({ role: 'system', content: expect.stringContaining('Allergic to peanuts.') });
      expect(JSON.stringify(told())).not.toContain('oboe');

      const { items } = (await call('GET', '/memories')).body;
      const { id } = items.find(({ content }: { content: string }) => content.startsWith('Allergic'));
      expect((await call('PATCH', `/memories/${id}`, { content: 'May eat peanuts again.' })).status).toBe(200);
      await chat({ message: 'Are peanuts fine?', parameters: { memoryFacts: 5 } });
      expect(told()[0]?.content).toContain('May eat peanuts again.');
      expect((await call('DELETE', `/memories/${id}`)).status).toBe(204);
      await chat({ message: 'Are peanuts fine?', parameters: { memoryFacts: 5 } });
      expect(JSON.stringify(told())).not.toContain('peanuts again');
    });

    it('is remembered as the workspace lets it be stored', async () => {
      const ben = await chatter.register();
      const as = (method: string, path: string, body: object) => chatter.call(method, path, { as: ben, body });
      const redact = (redaction: string) => as('PATCH', `/workspaces/${ben.user.personalWorkspaceId}`, { redaction });
      await redact('mask');
      const { id, value } = await remember(ben, 'Writes from ben@example.com.');
      expect(value.content).not.toContain('ben@example.com');
      const changed = await as('PATCH', `/memories/${id}`, { content: 'Writes to eve@example.com.' });
      expect(changed.status).toBe(200);
      expect(changed.body.content).not.toContain('eve@example.com');
      await redact('block');
      const { status, body } = await as('PATCH', `/memories/${id}`, { content: 'Writes to eve@example.com.' });
      expect([status, body.type]).toEqual([422, expect.stringContaining('/problems/content-blocked')]);
    });

    it('is nobody else’s', async () => {
      await remember(anna, 'Collects stamps of Narnia.');
      const eve = await chatter.register();
      const body = { message: 'Do I collect stamps?', model: 'recorded:large', parameters: { memoryFacts: 20 } };
      expect((await chatter.call('POST', '/chat', { as: eve, body })).status).toBe(200);
      expect(JSON.stringify(told())).not.toContain('Narnia');
    });
  });
});
