import { startApp, type SignedIn, type TestApp } from '../../support/app.js';
import { testDatabase, type TestDatabase } from '../../support/postgres.js';
import { graph, model, node, speaker, storyOf, type Story } from '../../support/stories.js';

describe('a workflow that is rolled back while it runs', () => {
  let database: TestDatabase;
  let chatter: TestApp;
  let anna: SignedIn;
  let story: Story;

  const start = async () => {
    chatter = await startApp({ SHUTDOWN_TIMEOUT_MS: '100', RUN_SWEEP_MS: '300' }, database);
    anna ??= await chatter.register();
    story = storyOf(chatter, anna);
  };
  const restart = async () => {
    await chatter.close();
    await start();
  };

  beforeAll(async () => {
    database = await testDatabase('rollback');
    await start();
  });
  afterAll(async () => {
    await chatter.close();
    await database.drop();
  });

  /** Two versions are published; the second is current. */
  const publishTwo = async (name: string, first: object, second: object): Promise<string> => {
    const path = await story.publish(name, first);
    expect((await story.call('PUT', `${path}/draft`, { definition: second })).status).toBe(200);
    expect((await story.call('POST', `${path}/publish`)).body).toMatchObject({ version: 2 });
    return path;
  };
  const rollBack = async (path: string) => {
    const { status, body } = await story.call('POST', `${path}/rollback`, { version: 1 });
    expect([status, body.publishedVersion]).toEqual([200, 1]);
  };
  const ended = async (runId: string) => {
    await (await story.follow(runId)).whole();
    return story.read(runId);
  };
  const says = (text: string, pace: number) => speaker(`Say exactly: ${text} [[slow=${pace}]]`);

  it('ends by the version it began with, also in a new process; the next run has the old one', async () => {
    const path = await publishTwo('greeter', says('old', 0), says('this is the new greeting of version two', 1_000));
    const live = await story.stream({ workflow: 'greeter' });
    const { runId } = await live.event(({ type }) => type === 'token');
    await rollBack(path);
    const { run: next } = await story.run({ workflow: 'greeter' });
    expect(next).toMatchObject({ output: { text: 'old' }, workflow: { name: 'greeter', version: 1 } });
    expect((await story.read(runId)).status).toBe('running');
    await restart();
    expect(await ended(runId)).toMatchObject({
      status: 'succeeded',
      output: { text: 'this is the new greeting of version two' },
      workflow: { name: 'greeter', version: 2 },
    });
    expect((await story.run({ workflow: 'greeter' })).run.output).toEqual({ text: 'old' });
    expect((await story.run({ workflow: 'greeter@2' })).run.workflow.version).toBe(2);
  });

  it('keeps what it refers to as well: a child that is yet to begin is of the version that was current', async () => {
    const path = await publishTwo('writer', says('old words', 0), says('new words', 0));
    const definition = graph(
      [node('ask', 'approval', { title: 'Write?' }), node('write', 'workflow', { workflow: 'writer', output: 'text' })],
      ['ask:approved > write'],
    );
    const waiting = await story.run({ definition });
    await rollBack(path);
    await restart();
    await story.decide(waiting.approvals[0].id, 'approve');
    expect((await ended(waiting.run.id)).output.text).toEqual({ text: 'new words' });
    const [child] = await story.children(waiting.run.id);
    expect(child.workflow).toMatchObject({ name: 'writer', version: 2 });
    const later = await story.run({ definition });
    await story.decide(later.approvals[0].id, 'approve');
    expect((await ended(later.run.id)).output.text).toEqual({ text: 'old words' });
  });

  it('goes on even when it is deleted meanwhile', async () => {
    const path = await story.publish(
      'gone',
      graph([node('ask', 'approval', { title: 'On?' }), model('say', 'Say exactly: done')], ['ask:approved > say']),
    );
    const { run, approvals } = await story.run({ workflow: 'gone' });
    expect((await story.call('DELETE', path)).status).toBe(204);
    await story.decide(approvals[0].id, 'approve');
    expect(await ended(run.id)).toMatchObject({ status: 'succeeded', output: { text: 'done' } });
    expect((await story.call('POST', '/runs', { workflow: 'gone' })).status).toBe(404);
  });
});
