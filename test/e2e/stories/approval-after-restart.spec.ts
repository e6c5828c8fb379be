import type { SignedIn } from '../../support/app.js';
import { eventually } from '../../support/eventually.js';
import { testDatabase, type TestDatabase } from '../../support/postgres.js';
import { Servers, type ServerProcess } from '../../support/server-process.js';
import { course, graph, model, node, said, storyOf } from '../../support/stories.js';

describe('a run that waits for a person', () => {
  const servers = new Servers();
  let database: TestDatabase;
  let dataDir: string;
  let server: ServerProcess;
  let anna: SignedIn;

  const start = () =>
    servers.start({
      ...database.environment,
      DATA_DIR: dataDir,
      SCRIPTED_TOKEN_MS: '0',
      RUN_LEASE_MS: '10000',
      RUN_SWEEP_MS: '300',
    });
  const restart = async () => {
    await server.kill();
    server = await start();
  };
  const story = () => storyOf(server.api, anna);

  beforeAll(async () => {
    database = await testDatabase('approval');
    dataDir = await servers.folder();
    server = await start();
    anna = await server.api.register();
  });
  afterAll(async () => {
    await servers.clean();
    await database.drop();
  });

  const article = graph(
    [
      model('draft', 'Say exactly: draft on {{input.topic}}'),
      node('ask', 'approval', { title: 'Publish {{input.topic}}?', detail: '{{text}}' }),
      model('publish', 'Say exactly: published {{nodes.draft.output.text}}'),
      model('bin', 'Say exactly: binned {{nodes.draft.output.text}}'),
    ],
    ['draft > ask:approved > publish', 'ask:denied > bin'],
    { output: { text: '{{text}}' } },
  );
  const ended = (runId: string) =>
    eventually(
      async () => {
        const run = await story().read(runId);
        return run.endedAt !== undefined && run;
      },
      { what: 'the end of the run' },
    );

  it('goes on in a new process after kill -9, and does nothing twice', async () => {
    const { run, approvals } = await story().run({ definition: article, input: { topic: 'tea' } });
    expect(run.status).toBe('waiting');
    expect(approvals).toMatchObject([
      { title: 'Publish tea?', detail: 'draft on tea', status: 'pending', path: ['ask'] },
    ]);
    await restart();
    expect(await story().read(run.id)).toMatchObject({ status: 'waiting', attempt: run.attempt });
    const follower = await story().follow(run.id);
    expect((await story().decide(approvals[0].id, 'approve')).status).toBe(200);
    const { frames, done } = await follower.whole();
    expect(done).toBe(true);
    expect(await ended(run.id)).toMatchObject({ status: 'succeeded', output: { text: 'published draft on tea' } });

    const events = frames.map(({ event }) => event);
    expect(said(events)).toEqual({ draft: 'draft on tea', publish: 'published draft on tea' });
    const drafts = events.filter(({ type, nodeId }) => type === 'node_start' && nodeId === 'draft');
    expect(drafts).toHaveLength(1);
    expect(course(events.slice(events.findIndex(({ code }) => code === 'waiting')))).toEqual([
      'note',
      'approval_decided',
      'node_end',
      'node_start',
      'token',
      'usage',
      'node_end',
      'complete',
    ]);
  });

  it('keeps to a decision, whatever becomes of the process that took it', async () => {
    const { run, approvals } = await story().run({ definition: article, input: { topic: 'war' } });
    await restart();
    await story().decide(approvals[0].id, 'deny');
    await restart();
    expect(await ended(run.id)).toMatchObject({ status: 'succeeded', output: { text: 'binned draft on war' } });
    expect((await story().decide(approvals[0].id, 'approve')).status).toBe(409);
    const decided = (await story().log(run.id)).filter(({ type }) => type === 'approval_decided');
    expect(decided).toMatchObject([{ approved: false, by: anna.user.id }]);
  });
});
