import { LLMock } from '@copilotkit/aimock';
import { startApp, type SignedIn, type TestApp } from '../../support/app.js';
import { libraryOf, type Library } from '../../support/knowledge.js';
import { openStream, type RunEvent } from '../../support/sse.js';

const KETTLE = 'The warranty on every kettle lasts two years from the day of purchase.';
const OTTERS = 'Sea otters hold hands while they sleep so that they do not drift apart.';

describe('a chat about documents', () => {
  let upstream: LLMock;
  let chatter: TestApp;
  let anna: SignedIn;
  let library: Library;

  beforeAll(async () => {
    upstream = new LLMock({ port: 0, chunkSize: 20 });
    upstream.on({ userMessage: 'kettle' }, { content: 'Two years [1]. It starts at the purchase [1][7].' });
    await upstream.start();
    chatter = await startApp({
      SCRIPTED_TOKEN_MS: '0',
      LOG_LEVEL: 'fatal',
      OPENAI_COMPATIBLE_BASE_URL: `${upstream.url}/v1`,
      OPENAI_COMPATIBLE_MODELS: 'mock',
      DEFAULT_MODEL: 'scripted:default',
    });
    anna = await chatter.register();
    library = libraryOf(chatter, anna);
    await library.add('Kettles', KETTLE, { collection: 'manuals' });
    await library.add('Otters', OTTERS, { collection: 'animals' });
  });
  afterAll(async () => {
    await chatter.close();
    await upstream.stop();
  });

  const chat = async (body: object): Promise<readonly RunEvent[]> => {
    const live = await openStream(`${chatter.url}/api/v1/chat`, { method: 'POST', headers: anna.headers, body });
    return (await live.whole()).frames.map(({ event }) => event);
  };
  const sources = (events: readonly RunEvent[]) => events.filter(({ type }) => type === 'source');
  const message = (events: readonly RunEvent[]) => events.at(-1)!.message;
  const question = 'How long does the kettle warranty last?';

  it.each(['rag', 'full', 'research_assistant', 'document_qa'])(
    'in %s shows its sources, cites them, and keeps the citations with the message',
    async (workflow) => {
      const events = await chat({ workflow, message: question });
      expect(events.at(-1)!.type).toBe('complete');
      const [first] = sources(events);
      expect(first).toMatchObject({ index: 1, title: 'Kettles', snippet: KETTLE });
      const { content, citations, conversationId, id } = message(events);
      expect(content).toContain('two years from the day of purchase [1]');
      const { index, documentId, title, score, snippet } = first!;
      expect(citations).toEqual([{ index, documentId, title, score, snippet }]);
      const { body } = await chatter.call('GET', `/conversations/${conversationId}/messages/${id}`, { as: anna });
      expect(body.citations).toEqual(citations);
    },
  );

  it('in document_qa finds a passage that shares but a part of the words of the question', async () => {
    const text = 'Customers may return any item within 30 days of delivery. The warranty lasts two years.';
    await library.add('Terms', text, { collection: 'terms' });
    const body = { workflow: 'document_qa', message: 'How long does the warranty last?', collections: ['terms'] };
    expect(sources(await chat(body)).map(({ title }) => title)).toEqual(['Terms']);
  });

  it('over the wire tells the model the numbered sources, and a number that no source has is no citation', async () => {
    const events = await chat({ workflow: 'rag', message: question, model: 'openai-compatible:mock' });
    const [asked] = upstream.getRequests().map(({ body }) => JSON.stringify(body));
    expect(asked).toContain(`[1] Kettles\\n${KETTLE}`);
    expect(message(events).citations).toEqual([expect.objectContaining({ index: 1, title: 'Kettles' })]);
  });

  it('looks only where it is told to', async () => {
    const events = await chat({ workflow: 'rag', message: question, collections: ['animals'] });
    expect(sources(events).map(({ title }) => title)).not.toContain('Kettles');
    expect(message(events).content).not.toContain('two years');
    expect(message(events).citations).toBeUndefined();
  });

  it('says so when the sources lack the answer', async () => {
    const events = await chat({ workflow: 'research_assistant', message: 'Who invented the saxophone?' });
    expect(message(events).content).toMatch(/not contain an answer|no sources/);
    expect(message(events).citations).toBeUndefined();
  });

  it('of somebody without documents goes on without sources, and says so', async () => {
    const bert = await chatter.register();
    const { status, body } = await chatter.call('POST', '/chat', {
      as: bert,
      body: { workflow: 'rag', message: question },
    });
    expect(status).toBe(200);
    expect(body.message.content).toContain('There are no sources');
  });

  it('of a template names the collections that are missing', async () => {
    const template = { name: 'manual_help', extends: 'rag', parameters: { collections: ['manuals', 'nowhere'] } };
    expect((await chatter.call('POST', '/templates', { as: anna, body: template })).status).toBe(201);
    const { body } = await chatter.call('GET', '/templates/manual_help', { as: anna });
    expect(body.requirements).toMatchObject({ met: false, missingCollections: ['nowhere'] });
  });
});
