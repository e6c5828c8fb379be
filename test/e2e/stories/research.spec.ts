import { startApp, type TestApp } from '../../support/app.js';
import { composite, graph, model, speaker, storyOf, type Story } from '../../support/stories.js';

describe('research, one workflow after the other', () => {
  let chatter: TestApp;
  let story: Story;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    story = storyOf(chatter, await chatter.register());
  });
  afterAll(() => chatter.close());

  const find = speaker('Say exactly: facts on {{input.topic}}');
  const write = speaker('Say exactly: report from {{find.text}} and {{check.text}}');

  it('hands each child what all before it found', async () => {
    const check = speaker('Say exactly: checked {{input.find.text}}');
    const definition = composite('sequential', { find, check, write });
    const { run } = await story.run({ definition, input: { topic: 'tea' } });
    expect(run.status).toBe('succeeded');
    expect(run.output.merged).toEqual({
      find: { text: 'facts on tea' },
      check: { text: 'checked facts on tea' },
      write: { text: 'report from facts on tea and checked facts on tea' },
    });
    expect(run.output.results.map(({ id, status }: { id: string; status: string }) => [id, status])).toEqual([
      ['find', 'succeeded'],
      ['check', 'succeeded'],
      ['write', 'succeeded'],
    ]);
    const children = await story.children(run.id);
    expect(children.map(({ input }) => input as object)).toEqual([
      { topic: 'tea' },
      { topic: 'tea', find: { text: 'facts on tea' } },
      { topic: 'tea', find: { text: 'facts on tea' }, check: { text: 'checked facts on tea' } },
    ]);
  });

  it('merges by key when asked to, so that a later child writes over an earlier one, and says so', async () => {
    const draft = graph([model('say', 'Say exactly: draft')], [], { output: { title: 'Tea', body: '{{text}}' } });
    const polish = graph([model('say', 'Say exactly: polished {{input.body}}')], [], { output: { body: '{{text}}' } });
    const definition = composite('sequential', { draft, polish }, { merge: 'lastWins' });
    const { run } = await story.run({ definition });
    expect(run.output.merged).toEqual({ title: 'Tea', body: 'polished draft' });
    const notes = (await story.log(run.id)).filter(({ code }) => code === 'merge-conflict');
    expect(notes).toMatchObject([{ detail: '"body" came from draft and polish; that of polish is kept.' }]);
  });

  it('carries the last good state past a child that fails', async () => {
    const check = speaker('[[fail=rejected:after=2]] [[tokens=5]]');
    const { run } = await story.run({
      definition: composite('sequential', { find, check, write }),
      input: { topic: 'tea' },
    });
    expect(run.status).toBe('succeeded');
    expect(run.output.results[1]).toMatchObject({
      id: 'check',
      status: 'failed',
      problem: { type: '/problems/model-rejected' },
    });
    expect(run.output.merged).toEqual({
      find: { text: 'facts on tea' },
      write: { text: 'report from facts on tea and' },
    });
  });

  it('that fails fast begins nothing after a failure and keeps what there is', async () => {
    const definition = composite(
      'sequential',
      { find, check: speaker('[[fail=rejected]]'), write },
      { onError: 'failFast' },
    );
    const { run } = await story.run({ definition, input: { topic: 'tea' } });
    expect(run).toMatchObject({ status: 'failed', problem: { type: '/problems/child-failed', child: 'check' } });
    expect(run.output.results.map(({ status }: { status: string }) => status)).toEqual([
      'succeeded',
      'failed',
      'skipped',
    ]);
    expect(run.output.merged).toEqual({ find: { text: 'facts on tea' } });
    expect(await story.children(run.id)).toHaveLength(2);
  });
});
