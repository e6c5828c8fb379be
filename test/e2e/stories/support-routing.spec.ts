import { KnowledgeModule } from '../../../src/knowledge/knowledge.module.js';
import { ToolModule } from '../../../src/tool/tool.module.js';
import { startApp, type TestApp } from '../../support/app.js';
import { example, install, storyOf, type Story } from '../../support/stories.js';
import { chunk, TestRetriever } from '../../support/test-retriever.js';
import { EchoTool } from '../../support/test-tools.js';

describe('customer support', () => {
  let chatter: TestApp;
  let story: Story;

  beforeAll(async () => {
    install(ToolModule, EchoTool);
    install(KnowledgeModule, TestRetriever);
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    chatter.app.get(TestRetriever, { strict: false }).find = () => [chunk(1, { text: 'Hold reset for ten seconds.' })];
    story = storyOf(chatter, await chatter.register());
    await story.publish('support', await example('support-routing'));
  });
  afterAll(() => chatter.close());

  const ask = async (message: string, parameters: object) => {
    const { status, body } = await story.call('POST', '/chat', { message, workflow: 'support', parameters });
    expect(status).toBe(200);
    const events = await story.log(body.run.id);
    return { ...body, steps: await story.steps(body.run.id), events, types: new Set(events.map(({ type }) => type)) };
  };

  it.each([0.7, 0.85, 1])(
    'of complexity %d goes to documents and tools, with a long memory',
    async (queryComplexity) => {
      const { run, message, steps, types } = await ask('Use test_echo on the reset', { queryComplexity });
      expect(run).toMatchObject({ status: 'succeeded', decision: { branch: 'complex' } });
      expect(Object.keys(steps)).toEqual(['complex/memory', 'complex/retrieve', 'complex/agent']);
      expect(steps['complex/memory'].input).toMatchObject({ window: 50 });
      expect([...types]).toEqual(
        expect.arrayContaining(['child_start', 'source', 'tool_call', 'tool_result', 'token']),
      );
      expect(message.content).toContain('The tool test_echo answered');
    },
  );

  it('of a technical kind goes to tools, however simple', async () => {
    const { run, steps, types } = await ask('Use test_echo', { queryComplexity: 0.2, queryType: 'technical_support' });
    expect(run.decision.branch).toBe('technical');
    expect(steps['technical/memory'].input).toMatchObject({ window: 20 });
    expect([types.has('tool_call'), types.has('source')]).toEqual([true, false]);
  });

  it.each([{ queryComplexity: 0.69 }, { queryComplexity: 1.01 }, { queryType: 'billing' }, {}])(
    'of any other kind (%j) is a plain chat',
    async (parameters) => {
      const { run, steps, message } = await ask('Use test_echo', parameters);
      expect(run.decision.branch).toBeNull();
      expect(Object.keys(steps)).toEqual(['default/memory', 'default/model']);
      expect(message.content).toContain('You wrote: "Use test_echo"');
    },
  );

  it('keeps with the run which conditions were tried, with which values, and what would have matched', async () => {
    const { run } = await ask('Hello', { queryComplexity: 0.5, queryType: 'technical_support' });
    const { decision } = await story.read(run.id);
    expect(decision).toMatchObject({
      branch: 'technical',
      explanation: [
        { branch: 'complex', matched: false, reasons: [{ actual: '0.5', wouldMatch: 'a number from 0.7 to 1' }] },
        { branch: 'technical', matched: true, reasons: [{ path: 'queryType', actual: '"technical_support"' }] },
      ],
    });
  });

  it('counts what the chosen workflow spent as the run’s own, and shows it as its one child', async () => {
    const { run } = await ask('Use test_echo', { queryComplexity: 0.9 });
    const [child, ...others] = await story.children(run.id);
    expect(others).toEqual([]);
    expect(child).toMatchObject({
      kind: 'child',
      status: 'succeeded',
      parentRunId: run.id,
      workflow: { name: 'full' },
    });
    expect(child.usage).toEqual(run.usage);
    expect(child.output).toEqual(run.output);
  });
});
