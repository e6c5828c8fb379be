import { LLMock } from '@copilotkit/aimock';
import { startApp, type SignedIn, type TestApp } from '../../support/app.js';
import { libraryOf } from '../../support/knowledge.js';
import { openStream } from '../../support/sse.js';

const MODEL = 'openai-compatible:mock';
const TERMS = 'The warranty on every kettle lasts two years from the day of purchase.';
const EXPRESSION = '(1 + 2) * 14';

/** Each mode with a model that is a server of its own, as JSON and as a stream. */
describe('a chat with a model over the wire', () => {
  let upstream: LLMock;
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    upstream = new LLMock({ port: 0, chunkSize: 5 });
    const compute = { userMessage: 'compute' };
    upstream.on({ ...compute, hasToolResult: true }, { content: 'It is 42.' });
    upstream.on(
      { ...compute, hasToolResult: false },
      { toolCalls: [{ name: 'calculator', arguments: JSON.stringify({ expression: EXPRESSION }) }] },
    );
    upstream.on({ userMessage: 'kettle' }, { content: 'Two years [1].' });
    upstream.on({ userMessage: 'Hello' }, { content: 'Hello to you.' });
    await upstream.start();
    chatter = await startApp({
      OPENAI_COMPATIBLE_BASE_URL: `${upstream.url}/v1`,
      OPENAI_COMPATIBLE_MODELS: 'mock',
      DEFAULT_MODEL: MODEL,
    });
    anna = await chatter.register();
    await libraryOf(chatter, anna).add('Terms', TERMS, { collection: 'terms' });
  });
  afterAll(async () => {
    await chatter.close();
    await upstream.stop();
  });

  const calculated = [{ tool: 'calculator', arguments: { expression: EXPRESSION }, status: 'ok' }];
  const cited = [{ index: 1, title: 'Terms', snippet: TERMS }];
  it.each([
    ['plain', 'Hello', { content: 'Hello to you.' }],
    ['rag', 'How long is the warranty of a kettle?', { content: 'Two years [1].', citations: cited }],
    ['tools', 'Please compute it.', { content: 'It is 42.', toolCalls: calculated }],
    ['full', 'Please compute it.', { content: 'It is 42.', toolCalls: calculated }],
    ['full', 'How long is the warranty of a kettle?', { content: 'Two years [1].', citations: cited }],
  ])('answers in the mode %s to "%s"', async (workflow, message, expected) => {
    const answer = await chatter.call('POST', '/chat', { as: anna, body: { workflow, message } });
    expect(answer.status).toBe(200);
    expect(answer.body.message).toMatchObject({ ...expected, model: MODEL });
    expect(answer.body.message.usage.totalTokens).toBeGreaterThan(0);

    const live = await openStream(`${chatter.url}/api/v1/chat`, {
      method: 'POST',
      headers: anna.headers,
      body: { workflow, message },
    });
    const { frames, done } = await live.whole();
    const events = frames.map(({ event }) => event);
    expect(done).toBe(true);
    expect(events.at(-1)!.message).toMatchObject(expected);
    const text = events.filter(({ type }) => type === 'token').map(({ content }) => content as string);
    expect(text.join('')).toBe(expected.content);
    const results = events.filter(({ type }) => type === 'tool_result').map(({ result }) => JSON.stringify(result));
    expect(results).toEqual('toolCalls' in expected ? [expect.stringContaining('42')] : []);
  });
});
