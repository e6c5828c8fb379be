import { startApp, type SignedIn, type TestApp } from '../../support/app.js';
import { granted } from '../../support/granted.js';
import { libraryOf } from '../../support/knowledge.js';
import { openStream, type RunEvent } from '../../support/sse.js';

type Json = ReturnType<typeof JSON.parse>;

describe('an assistant with tools', () => {
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', LOG_LEVEL: 'fatal' });
    anna = await chatter.register();
  });
  afterAll(() => chatter.close());

  const chat = async (body: object): Promise<readonly RunEvent[]> => {
    const live = await openStream(`${chatter.url}/api/v1/chat`, { method: 'POST', headers: anna.headers, body });
    return (await live.whole()).frames.map(({ event }) => event);
  };
  const get = async (path: string): Promise<Json> => (await chatter.call('GET', path, { as: anna })).body;
  const of = (events: readonly RunEvent[], type: string) => events.filter((event) => event.type === type);
  const said = (events: readonly RunEvent[]): string => events.at(-1)!.message.content;

  it.each(['customer_support', 'code_assistant', 'data_analyst', 'tools', 'full'])(
    'named %s has all that it needs',
    async (name) => {
      expect((await get(`/templates/${name}`)).requirements).toMatchObject({ met: true, missingTools: [] });
    },
  );

  it('calculates and shows the call and its result', async () => {
    const events = await chat({ workflow: 'tools', message: 'What is 0.1 + 0.2?' });
    const [call] = of(events, 'tool_call');
    expect(call).toMatchObject({ tool: 'calculator', arguments: { expression: '0.1 + 0.2' }, risk: 'low' });
    expect(of(events, 'tool_result')).toMatchObject([
      { callId: call!.callId, status: 'ok', result: { result: '0.3' } },
    ]);
    expect(said(events)).toContain('0.3');
  });

  it('supports customers: looks things up, opens a ticket once it may, and hands over', async () => {
    await libraryOf(chatter, anna).add('Returns', 'Customers may return any item within 30 days of delivery.');
    const first = await chat({
      workflow: 'customer_support',
      message: 'Use searchKnowledge {"query":"return an item within days"}',
    });
    expect(of(first, 'tool_result')).toMatchObject([
      { status: 'ok', result: { items: [{ title: 'Returns', source: { kind: 'document' } }] } },
    ]);
    const { conversationId } = first[0]!;

    const ask = 'Use createTicket {"title":"Item 4711 arrived broken","priority":"high"}';
    const refused = await chat({ workflow: 'customer_support', conversationId, message: ask });
    expect(of(refused, 'tool_call')).toEqual([]);
    const direct = { as: anna, body: { arguments: { title: 'Unasked' } } };
    expect((await chatter.call('POST', '/tools/createTicket/invoke', direct)).status).toBe(403);
    expect((await get('/tickets')).items).toEqual([]);

    await granted(chatter, anna, { tool: 'createTicket' }, { tool: 'escalate' });
    const opened = await chat({ workflow: 'customer_support', conversationId, message: ask });
    const [{ result }] = of(opened, 'tool_result') as readonly Json[];
    const { items } = await get('/tickets?status=open');
    expect(items).toMatchObject([
      {
        id: result.ticketId,
        title: 'Item 4711 arrived broken',
        priority: 'high',
        conversationId,
        runId: opened[0]!.runId,
        createdBy: anna.user.id,
      },
    ]);

    const message = `Use escalate {"reason":"Asks for a person.","ticketId":"${result.ticketId}"}`;
    await chat({ workflow: 'customer_support', conversationId, message });
    expect(await get(`/tickets/${result.ticketId}`)).toMatchObject({ escalationReason: 'Asks for a person.' });
  });

  it('analyses data with figures that are right', async () => {
    const sales = [
      { region: 'north', total: 0.1 },
      { region: 'north', total: 0.2 },
      { region: 'south', total: 5 },
    ];
    const query = { data: sales, groupBy: ['region'], aggregate: [{ fn: 'sum', field: 'total', as: 'total' }] };
    const events = await chat({ workflow: 'data_analyst', message: `Use jsonQuery ${JSON.stringify(query)}` });
    expect(of(events, 'tool_result')).toMatchObject([
      {
        status: 'ok',
        result: {
          result: [
            { region: 'north', total: 0.3 },
            { region: 'south', total: 5 },
          ],
          matched: 3,
        },
      },
    ]);
    expect(said(events)).toContain('0.3');
  });

  it('helps with code, and remembers for later what it may', async () => {
    await granted(chatter, anna, { tool: 'memoryWrite' });
    const keep = await chat({
      workflow: 'code_assistant',
      message: 'Use memoryWrite {"content":"Writes TypeScript with two spaces."}',
    });
    expect(of(keep, 'tool_result')).toMatchObject([{ status: 'ok' }]);
    const recall = await chat({ workflow: 'code_assistant', message: 'Use memoryRead {"query":"TypeScript"}' });
    expect(said(recall)).toContain('two spaces');
    expect((await get('/memories')).items).toMatchObject([{ content: 'Writes TypeScript with two spaces.' }]);
  });

  it('sends no request that nobody granted', async () => {
    const events = await chat({ workflow: 'tools', message: 'Use httpRequest {"url":"http://192.0.2.1/"}' });
    expect(of(events, 'tool_call')).toEqual([]);
    const { items } = await get('/tools?limit=100');
    const allowed = items.filter(({ permission }: Json) => permission.allowed).map(({ name }: Json) => name);
    expect(allowed).toEqual(expect.not.arrayContaining(['httpRequest']));
    expect(allowed).toEqual(
      expect.arrayContaining(['calculator', 'clock', 'jsonQuery', 'searchKnowledge', 'memoryRead']),
    );
  });
});
