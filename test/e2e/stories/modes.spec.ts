import { KnowledgeModule } from '../../../src/knowledge/knowledge.module.js';
import { ToolModule } from '../../../src/tool/tool.module.js';
import { startApp, type SignedIn, type TestApp } from '../../support/app.js';
import { openStream, type RunEvent } from '../../support/sse.js';
import { course, install, storyOf, type Story } from '../../support/stories.js';
import { chunk, TestRetriever } from '../../support/test-retriever.js';
import { AnyTool, EchoTool } from '../../support/test-tools.js';

describe('a chat', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let story: Story;

  beforeAll(async () => {
    install(ToolModule, EchoTool, AnyTool);
    install(KnowledgeModule, TestRetriever);
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', LOG_LEVEL: 'fatal' });
    chatter.app.get(TestRetriever, { strict: false }).find = () => [
      chunk(1, { title: 'Manual', uri: 'https://example.com/manual', text: 'The warranty lasts two years.' }),
    ];
    anna = await chatter.register();
    story = storyOf(chatter, anna);
    await story.call('POST', '/tools/grants', { role: 'viewer', tool: 'test_any', level: 'execute' });
  });
  afterAll(() => chatter.close());

  const tool = () => chatter.app.get(AnyTool, { strict: false });
  const chat = async (body: object): Promise<readonly RunEvent[]> => {
    const url = `${chatter.url}/api/v1/chat`;
    const live = await openStream(url, { method: 'POST', headers: anna.headers, body });
    return (await live.whole()).frames.map(({ event }) => event);
  };
  const of = (events: readonly RunEvent[], type: string) => events.filter((event) => event.type === type);

  it('with documents shows its sources before it cites them', async () => {
    const events = await chat({ workflow: 'rag', message: 'How long does the warranty last?' });
    const inside = events.filter(({ path }) => path !== undefined);
    expect(course(inside.filter(({ path }) => path[0] !== 'memory'))).toEqual(
      'node_start source node_end node_start token usage node_end'.split(' '),
    );
    expect(of(events, 'source')).toMatchObject([
      { index: 1, title: 'Manual', uri: 'https://example.com/manual', snippet: 'The warranty lasts two years.' },
    ]);
    expect(events.at(-1)!.message.content).toBe('The warranty lasts two years [1].');
  });

  it('with tools tells each call and its result, and answers from it', async () => {
    const events = await chat({ workflow: 'tools', message: 'Use test_echo {"text":"hello"}' });
    const [call] = of(events, 'tool_call');
    expect(call).toMatchObject({ tool: 'test_echo', arguments: { text: 'hello' }, risk: 'low', path: ['agent'] });
    expect(of(events, 'tool_result')).toMatchObject([
      { callId: call!.callId, status: 'ok', result: { echo: 'hello' }, path: ['agent'] },
    ]);
    const { message } = events.at(-1)!;
    expect(message.content).toContain('{"echo":"hello"}');
    const { callId } = call!;
    const arguments_ = { text: 'hello' };
    expect(message.toolCalls).toEqual([
      { callId, tool: 'test_echo', arguments: arguments_, risk: 'low', status: 'ok', durationMs: expect.any(Number) },
    ]);
    const { body } = await story.call('GET', `/conversations/${message.conversationId}/messages/${message.id}`);
    expect(body.toolCalls).toEqual(message.toolCalls);
    expect(chatter.app.get(EchoTool, { strict: false }).calls.at(-1)).toMatchObject({
      args: { text: 'hello' },
      context: { userId: anna.user.id, workspaceId: anna.user.personalWorkspaceId, runId: call!.runId },
    });
  });

  it('with both has both', async () => {
    const events = await chat({ workflow: 'full', message: 'Use test_echo {"text":"warranty"}' });
    expect(course(events.filter(({ path }) => path?.[0] === 'retrieve'))).toContain('source');
    expect(course(events.filter(({ path }) => path?.[0] === 'agent'))).toEqual(
      'node_start usage tool_call tool_result token usage node_end'.split(' '),
    );
    expect(events.at(-1)).toMatchObject({
      type: 'complete',
      message: { content: expect.stringContaining('warranty') },
    });
  });

  it('whose tool fails tells why, and goes on to an answer', async () => {
    tool().act = () => Promise.reject(new Error('password=hunter2'));
    const events = await chat({ workflow: 'tools', message: 'Use test_any' });
    expect(of(events, 'tool_result')).toMatchObject([{ status: 'error', problem: { type: '/problems/tool-failed' } }]);
    expect(events.at(-1)!.message.content).toContain('The tool test_any gave no result');
    expect(JSON.stringify(events)).not.toContain('hunter2');
  });

  it('that turns in circles is given no more tools, and answers', async () => {
    tool().act = () => 'again';
    const events = await chat({ workflow: 'tools', message: '[[loop]] Use test_any' });
    expect(of(events, 'tool_call').length).toBeLessThanOrEqual(3);
    expect(of(events, 'note')).toMatchObject([{ code: 'loop-detected' }]);
    expect(events.at(-1)!.type).toBe('complete');
  });

  it('calls no more tools than the caller allows', async () => {
    tool().act = () => 'again';
    const body = { workflow: 'tools', message: '[[loop=vary]] Use test_any', limits: { maxToolCalls: 2 } };
    const events = await chat(body);
    expect(of(events, 'tool_result').filter(({ status }) => status === 'ok')).toHaveLength(2);
    expect(of(events, 'note')).toMatchObject([{ code: 'limit-reached' }]);
    expect(events.at(-1)!.type).toBe('complete');
  });

  it('without either has neither', async () => {
    const events = await chat({ workflow: 'plain', message: 'Use test_echo' });
    expect([of(events, 'source'), of(events, 'tool_call')]).toEqual([[], []]);
    expect(events.at(-1)!.message.toolCalls).toBeUndefined();
    expect(Object.keys(await story.steps(events[0]!.runId))).toEqual(['memory', 'model']);
  });
});
