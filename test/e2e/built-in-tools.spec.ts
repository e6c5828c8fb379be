import { Database } from '../../src/platform/database/database.js';
import { newId } from '../../src/platform/clock/id.js';
import { ToolCatalogue } from '../../src/tool/tool-catalogue.js';
import type { ToolContext } from '../../src/tool/tool.js';
import { TicketEscalated, TicketOpened, TicketStatusChanged } from '../../src/tool/ticket/ticket.events.js';
import { EventBus } from '../../src/platform/event/event-bus.js';
import { jest } from '@jest/globals';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';

type Json = ReturnType<typeof JSON.parse>;

describe('a built-in tool', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let bob: SignedIn;
  let published: object[];

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    [anna, bob] = [await chatter.register(), await chatter.register()];
    const bus = chatter.app.get(EventBus);
    const publish = bus.publish.bind(bus);
    jest.spyOn(bus, 'publish').mockImplementation((event) => {
      published.push(event);
      return publish(event);
    });
  });
  beforeEach(() => (published = []));
  afterAll(() => chatter.close());

  /** Calls the tool itself: whether it may be called is the gate's. */
  const use = async (
    name: string,
    args: object,
    parts: Partial<ToolContext> & { as?: SignedIn } = {},
  ): Promise<Json> => {
    const { as = anna, ...rest } = parts;
    const workspaceId = as.user.personalWorkspaceId;
    const tool = await chatter.app.get(ToolCatalogue).find(workspaceId, name);
    const context = { workspaceId, userId: as.user.id, callId: 'a:1', idempotencyKey: newId() };
    return tool!.call(await tool!.parse(args), { ...context, signal: new AbortController().signal, ...rest });
  };
  const get = async (path: string, as = anna): Promise<Json> => (await chatter.call('GET', path, { as })).body;
  const events = () => published.map((event) => event.constructor);

  describe('for tickets', () => {
    it('opens one that people see and work off', async () => {
      const runId = newId();
      const { ticketId } = await use('createTicket', { title: 'Parcel lost', description: 'No. 4711' }, { runId });
      expect(events()).toEqual([TicketOpened]);
      const ticket = await get(`/tickets/${ticketId}`);
      expect(ticket).toMatchObject({
        title: 'Parcel lost',
        description: 'No. 4711',
        priority: 'normal',
        status: 'open',
        runId,
      });
      expect((await get('/tickets?status=open')).items).toContainEqual(ticket);

      const changed = await chatter.call('PATCH', `/tickets/${ticketId}`, { as: anna, body: { status: 'resolved' } });
      expect(changed.body).toMatchObject({ id: ticketId, status: 'resolved' });
      expect((await get('/tickets?status=open')).items).toEqual([]);
      await chatter.call('PATCH', `/tickets/${ticketId}`, { as: anna, body: { status: 'resolved' } });
      expect(events()).toEqual([TicketOpened, TicketStatusChanged]);
    });

    it('opens one however often, and however much at once, the call is repeated', async () => {
      const call = { idempotencyKey: newId() };
      const notes = await Promise.all(Array.from({ length: 10 }, () => use('createTicket', { title: 'Once' }, call)));
      expect(new Set(notes.map(({ ticketId }) => ticketId)).size).toBe(1);
      expect((await get('/tickets?limit=100')).items.filter(({ title }: Json) => title === 'Once')).toHaveLength(1);
      expect(events()).toEqual([TicketOpened]);
    });

    it('hands one over, once for a reason', async () => {
      const { ticketId } = await use('createTicket', { title: 'Refund' });
      const args = { ticketId, reason: 'The customer is angry.' };
      const note = await use('escalate', args);
      expect(note).toMatchObject({ ticketId, priority: 'high', escalated: true });
      expect(await use('escalate', args)).toEqual(note);
      expect(events()).toEqual([TicketOpened, TicketEscalated]);
      expect(await get(`/tickets/${ticketId}`)).toMatchObject({ escalationReason: args.reason, status: 'open' });
    });

    it('opens one to hand over where there is none', async () => {
      const { ticketId } = await use('escalate', { reason: 'Wants to talk to a person. '.repeat(20) });
      expect((await get(`/tickets/${ticketId}`)).title).toMatch(/^A person is asked for: Wants/);
      expect(events()).toEqual([TicketOpened, TicketEscalated]);
    });

    it('knows nothing of other workspaces', async () => {
      const { ticketId } = await use('createTicket', { title: 'Private' });
      await expect(use('escalate', { ticketId, reason: 'x' }, { as: bob })).rejects.toMatchObject({
        type: { slug: 'not-found' },
      });
      const as = bob;
      expect((await chatter.call('GET', `/tickets/${ticketId}`, { as })).status).toBe(404);
      expect((await chatter.call('PATCH', `/tickets/${ticketId}`, { as, body: { status: 'closed' } })).status).toBe(
        404,
      );
      expect((await get('/tickets', bob)).items).toEqual([]);
      expect((await get(`/tickets/${ticketId}`)).status).toBe('open');
    });

    it('pages them, newest first', async () => {
      for (const title of ['first', 'second', 'third']) await use('createTicket', { title }, { as: bob });
      const page = await get('/tickets?limit=2', bob);
      expect(page.items.map(({ title }: Json) => title)).toEqual(['third', 'second']);
      const rest = await get(`/tickets?limit=2&cursor=${page.nextCursor}`, bob);
      expect(rest).toMatchObject({ items: [{ title: 'first' }], nextCursor: null });
    });
  });

  describe('for memories', () => {
    it('remembers a fact once, and recalls what shares a word', async () => {
      const { id } = await use('memoryWrite', { content: 'Prefers green tea.' });
      await use('memoryWrite', { content: 'Lives in Bonn.' });
      expect((await use('memoryWrite', { content: 'Prefers green tea.' })).id).toBe(id);
      const recalled = await use('memoryRead', { query: 'Which tea & coffee?' });
      expect(recalled.facts).toMatchObject([{ id, content: 'Prefers green tea.' }]);
      expect((await use('memoryRead', {})).facts).toHaveLength(2);
      expect((await use('memoryRead', { query: `it's "<->" :* !` })).facts).toEqual([]);
    });

    it('keeps them to the user, who corrects and forgets them', async () => {
      const { id } = await use('memoryWrite', { content: 'Speaks French.' });
      const other = await use('memoryWrite', { content: 'Speaks Danish.' });
      const owner = anna.user.personalWorkspaceId;
      expect((await use('memoryRead', {}, { as: bob, workspaceId: owner })).facts).toEqual([]);
      for (const [method, body] of [['GET'], ['PATCH', { content: 'x' }], ['DELETE']] as const)
        expect((await chatter.call(method, `/memories/${id}`, { as: bob, body })).status).toBe(404);

      const change = (content: string) => chatter.call('PATCH', `/memories/${id}`, { as: anna, body: { content } });
      expect((await change('Speaks Polish.')).body).toMatchObject({ id, content: 'Speaks Polish.' });
      expect((await change('Speaks Danish.')).status).toBe(409);
      expect((await chatter.call('DELETE', `/memories/${other.id}`, { as: anna })).status).toBe(204);
      expect((await chatter.call('DELETE', `/memories/${other.id}`, { as: anna })).status).toBe(404);
      expect((await get('/memories')).items[0]).toMatchObject({ id, content: 'Speaks Polish.' });
      expect((await chatter.call('DELETE', '/memories', { as: anna })).status).toBe(204);
      expect((await get('/memories')).items).toEqual([]);
    });

    it('remembers no more than there is room for', async () => {
      await chatter.app.get(Database).query(
        `INSERT INTO memory (id, workspace_id, user_id, content)
         SELECT gen_random_uuid(), $1, $2, 'Fact ' || n FROM generate_series(1, 500) n`,
        [bob.user.personalWorkspaceId, bob.user.id],
      );
      await expect(use('memoryWrite', { content: 'One more.' }, { as: bob })).rejects.toMatchObject({
        type: { slug: 'memory-full' },
      });
      expect(await use('memoryWrite', { content: 'Fact 7' }, { as: bob })).toMatchObject({ content: 'Fact 7' });
    });
  });

  describe('for knowledge', () => {
    const say = async (as: SignedIn, content: string, title: string): Promise<string> => {
      const { id } = (await chatter.call('POST', '/conversations', { as, body: { title } })).body;
      await chatter.call('POST', `/conversations/${id}/messages`, { as, body: { content } });
      return id;
    };

    it('finds what the user said elsewhere, the best first, and nothing that others said', async () => {
      const trip = await say(anna, 'The hotel in Lisbon costs 90 euros.', 'Trip');
      await say(anna, 'Lisbon is sunny.', 'Weather');
      const now = await say(anna, 'What does the hotel in Lisbon cost?', 'Now');
      await say(bob, 'The hotel in Lisbon is full.', 'Secret');
      const { items } = await use('searchKnowledge', { query: 'hotel Lisbon euros' }, { conversationId: now });
      expect(items.map(({ title }: Json) => title)).toEqual(['Trip', 'Weather']);
      expect(items[0]).toMatchObject({
        text: 'The hotel in Lisbon costs 90 euros.',
        score: expect.any(Number),
        source: { kind: 'conversation', conversationId: trip },
      });
      await chatter.call('DELETE', `/conversations/${trip}`, { as: anna });
      const after = await use('searchKnowledge', { query: 'hotel Lisbon euros' }, { conversationId: now });
      expect(after.items.map(({ title }: Json) => title)).toEqual(['Weather']);
    });

    it('reads queries as words, whatever is in them', async () => {
      for (const query of [`'`, '& | !', 'a:*', '\u0000', '<->', 'workspace:x']) {
        expect((await use('searchKnowledge', { query }, { as: bob })).items).toEqual([]);
      }
    });
  });

  describe('for requests', () => {
    it('reaches no address inside', async () => {
      const request = use('httpRequest', { url: `${chatter.url}/livez` });
      await expect(request).rejects.toMatchObject({ type: { slug: 'egress-refused' } });
    });

    it.each([[{ url: 'x', headers: { Host: 'evil' } }], [{ url: 'x', method: 'TRACE' }], [{}]])(
      'refuses %j',
      async (args) => {
        await expect(use('httpRequest', args)).rejects.toMatchObject({ type: { slug: 'tool-arguments-invalid' } });
      },
    );
  });
});
