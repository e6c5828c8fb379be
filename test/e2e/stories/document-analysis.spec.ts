import { KnowledgeModule } from '../../../src/knowledge/knowledge.module.js';
import { ToolModule } from '../../../src/tool/tool.module.js';
import { startApp, type TestApp } from '../../support/app.js';
import { example, install, storyOf, type Story } from '../../support/stories.js';
import { chunk, TestRetriever } from '../../support/test-retriever.js';
import { EchoTool } from '../../support/test-tools.js';

describe('document analysis', () => {
  let chatter: TestApp;
  let story: Story;
  let retriever: TestRetriever;

  beforeAll(async () => {
    install(ToolModule, EchoTool);
    install(KnowledgeModule, TestRetriever);
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', LOG_LEVEL: 'fatal' });
    retriever = chatter.app.get(TestRetriever, { strict: false });
    story = storyOf(chatter, await chatter.register());
  });
  afterAll(() => chatter.close());

  const analyse = async (input: object) => {
    retriever.find = () => [
      chunk(1, { title: 'Lease', text: 'The notice period is three months. Pets are allowed.' }),
      chunk(2, { title: 'Annex', text: 'The garden is shared.' }),
    ];
    const definition = await example('document-analysis');
    const { run } = await story.run({ definition, input: { message: 'What is the notice period?', ...input } });
    return { run, events: await story.log(run.id) };
  };

  it.each(['pdf', 'docx', 'txt'])('of a %s answers from its passages and cites them', async (documentType) => {
    const { run, events } = await analyse({ documentType, hasImages: true });
    expect(run).toMatchObject({ status: 'succeeded', decision: { branch: 'text' } });
    expect(run.output.text).toBe('The notice period is three months [1].');
    const sources = events.filter(({ type }) => type === 'source');
    expect(sources).toMatchObject([
      { index: 1, title: 'Lease', documentId: 'document-1', path: ['text', 'retrieve'] },
      { index: 2, title: 'Annex', documentId: 'document-2' },
    ]);
    const firstToken = events.find(({ type }) => type === 'token')!;
    expect(sources.every(({ seq }) => seq < firstToken.seq)).toBe(true);
  });

  it('of a scan has tools and the conversation too', async () => {
    const { run } = await analyse({ documentType: 'png', hasImages: true });
    expect(run.decision.branch).toBe('images');
    expect(Object.keys(await story.steps(run.id))).toEqual(['images/memory', 'images/retrieve', 'images/agent']);
  });

  it('of anything else searches nothing', async () => {
    const before = retriever.requests.length;
    const { run, events } = await analyse({ documentType: 'csv' });
    expect(run.decision.branch).toBeNull();
    expect(events.some(({ type }) => type === 'source')).toBe(false);
    expect(retriever.requests).toHaveLength(before);
  });

  it('whose search fails is a failed run that says so, never an answer', async () => {
    const definition = await example('document-analysis');
    retriever.find = () => Promise.reject(new Error('disk on fire'));
    const { run } = await story.run({ definition, input: { message: 'What?', documentType: 'pdf' } });
    expect(run).toMatchObject({ status: 'failed', problem: { type: '/problems/retrieval-failed' } });
    expect(run.output ?? null).toBeNull();
    expect(JSON.stringify(await story.log(run.id))).not.toContain('disk on fire');
  });
});
