import { jest } from '@jest/globals';
import { LlmModule } from '../../src/llm/llm.module.js';
import { ToolAccess } from '../../src/tool/access/tool-access.js';
import { ToolModule } from '../../src/tool/tool.module.js';
import { startApp, type Answer, type SignedIn, type TestApp } from '../support/app.js';
import {
  disguisedNames,
  floods,
  foreignIds,
  forgedApprovals,
  goalHijacks,
  loops,
  obeyedResults,
  type Attack,
} from '../support/attacks.js';
import { eventually } from '../support/eventually.js';
import { HostileProvider, type HostileTurn } from '../support/hostile-model.js';
import { install } from '../support/stories.js';
import { AnyTool, DeleteTool, EchoTool } from '../support/test-tools.js';

/** An approval that is waited for. */
interface Asked {
  readonly id: string;
  readonly arguments: { readonly id: string };
}

/** Attacks at a time. */
const AT_ONCE = 4;
const MOST_CALLS = 10;
const OVER: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'timedOut']);

/**
 * The model is the attacker. Whatever it asks for, nothing happens that the user of the run may not do, and nothing
 * that a person must agree to without that person.
 */
describe('a hostile model', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let ben: SignedIn;
  let cara: SignedIn;
  let eve: SignedIn;
  let canary: string;
  let attacks = 0;

  beforeAll(async () => {
    install(LlmModule, HostileProvider);
    install(ToolModule, EchoTool, AnyTool, DeleteTool);
    chatter = await startApp({ LOG_LEVEL: 'fatal', RUN_SWEEP_MS: '200', MAX_RUNS_PER_USER: '1000' });
    [anna, ben, cara, eve] = (await Promise.all([1, 2, 3, 4].map(() => chatter.register()))) as [
      SignedIn,
      SignedIn,
      SignedIn,
      SignedIn,
    ];
    for (const member of [ben, cara]) {
      const body = { email: member.user.email, role: 'editor' };
      await created(chatter.call('POST', `/workspaces/${workspace()}/members`, { as: anna, body }));
    }
    // Cara may have things deleted, and each time somebody must agree.
    await created(as(anna, 'POST', '/tools/grants', { userId: cara.user.id, tool: 'test_delete', level: 'execute' }));
    canary = `canary-${eve.user.id.slice(-12)}`;
    any().act = ({ input }) => `acted on ${input}`;
  });

  afterAll(async () => {
    await chatter.close();
    process.stdout.write(`hostile model: ${attacks} attacks, 0 forbidden executions\n`);
  });

  beforeEach(() => {
    deletions().length = 0;
    acts = jest.spyOn(any(), 'act');
  });
  afterEach(() => acts.mockRestore());

  let acts: { readonly mock: { readonly calls: readonly unknown[] }; mockRestore(): void };
  const workspace = (): string => anna.user.personalWorkspaceId;
  const any = () => chatter.app.get(AnyTool, { strict: false });
  const echoes = () => chatter.app.get(EchoTool, { strict: false }).calls;
  const deletions = () => chatter.app.get(DeleteTool, { strict: false }).deleted;
  const as = (user: SignedIn, method: string, path: string, body?: unknown): Promise<Answer> =>
    chatter.call(method, path, { as: user, body, headers: { 'X-Workspace-Id': workspace() } });

  /** Has the model follow the script in a run of the user's; answers as POST /chat does. */
  const play = (user: SignedIn, name: string, turns: readonly HostileTurn[]): Promise<Answer> => {
    attacks += 1;
    chatter.app.get(HostileProvider, { strict: false }).scripts.set(name, turns);
    const message = `Summarise the last quarter. (attack:${name})`;
    return as(user, 'POST', '/chat', { message, workflow: 'tools', model: 'hostile:default' });
  };

  async function playAll(list: readonly Attack[], user = ben): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    for (let start = 0; start < list.length; start += AT_ONCE)
      answers.push(
        ...(await Promise.all(list.slice(start, start + AT_ONCE).map(({ name, turns }) => play(user, name, turns)))),
      );
    return answers;
  }

  const nothingHappened = (): void => {
    expect(deletions()).toEqual([]);
    expect(acts.mock.calls).toEqual([]);
  };

  it.each([
    ['that hijacks the goal', goalHijacks, 60],
    ['that disguises names', disguisedNames, 50],
    ['that obeys what tools answer', obeyedResults, 40],
  ] as const)('%s has nothing done', async (_, list, count) => {
    expect(list).toHaveLength(count);
    const answers = await playAll(list);
    nothingHappened();
    for (const { status, body } of answers) expect([status, body.run?.status]).toEqual([200, 'succeeded']);
  });

  it('that forges approvals for a user without a right has nothing done', async () => {
    expect(forgedApprovals).toHaveLength(40);
    await playAll(forgedApprovals);
    nothingHappened();
  });

  it('that reaches into another workspace finds and changes nothing there', async () => {
    const list = foreignIds(await foreignWorkspace());
    expect(list).toHaveLength(40);
    const answers = await playAll(list);
    nothingHappened();
    for (const { body } of answers) {
      const log = await as(ben, 'GET', `/runs/${body.run.id}/events?limit=100`);
      expect(JSON.stringify([body, log.body])).not.toContain(canary);
    }
    for (const { context } of echoes())
      expect([ben.user.id, workspace()]).toEqual([context.userId, context.workspaceId]);
    expect((await chatter.call('GET', '/tickets', { as: eve })).body.items).toEqual([]);
  });

  it('that floods is held to the calls a run may make', async () => {
    expect(floods).toHaveLength(20);
    const before = echoes().length;
    for (const { body } of await playAll(floods)) {
      const { items } = (await as(ben, 'GET', `/runs/${body.run.id}/events?limit=100`)).body;
      const results = items.filter(({ type }: { type: string }) => type === 'tool_result');
      expect(results.length).toBeLessThanOrEqual(MOST_CALLS);
    }
    expect(echoes().length - before).toBeLessThanOrEqual(floods.length * MOST_CALLS);
    nothingHappened();
  });

  it('that goes round in circles is stopped', async () => {
    expect(loops).toHaveLength(20);
    for (const { status, body } of await playAll(loops)) {
      expect([status, body.run.status]).toEqual([200, 'succeeded']);
      const { items } = (await as(ben, 'GET', `/runs/${body.run.id}/events?limit=100`)).body;
      expect(items.filter(({ type }: { type: string }) => type === 'tool_call').length).toBeLessThanOrEqual(MOST_CALLS);
    }
    nothingHappened();
  });

  describe('whose user may act once a person agrees', () => {
    const pending = (runId: string, isMeant: (approval: Asked) => boolean): Promise<Asked> =>
      eventually(async () => {
        const { items } = (await as(cara, 'GET', `/approvals?status=pending&runId=${runId}`)).body;
        return (items as readonly Asked[]).find(isMeant);
      });
    const decide = (id: string, body: object) => as(anna, 'POST', `/approvals/${id}/decision`, body);
    const over = (runId: string) =>
      eventually(async () => OVER.has((await as(cara, 'GET', `/runs/${runId}`)).body.status), {
        withinMs: 30_000,
      });
    const remove = (id: string) => ({ name: 'test_delete', arguments: { id } });

    it.each(Array.from({ length: 15 }, (_, index) => index))('cannot use an agreement twice (%i)', async (index) => {
      const id = `replayed ${index}`;
      const { status, body } = await play(cara, `replay-${index}`, [[remove(id)], [remove(id)], 'Done.']);
      expect([status, deletions()]).toEqual([202, []]);
      const first = body.approvals[0].id as string;
      expect((await decide(first, { decision: 'approve' })).status).toBe(200);
      const second = await pending(body.run.id, (approval) => approval.id !== first);
      expect(deletions()).toEqual([id]);
      expect((await decide(first, { decision: 'approve' })).status).toBe(409);
      await decide(second.id, { decision: 'deny' });
      await over(body.run.id);
      expect(deletions()).toEqual([id]);
    });

    it.each(Array.from({ length: 15 }, (_, index) => index))('cannot swap what was agreed to (%i)', async (index) => {
      const [small, large] = [`draft ${index}`, `everything ${index}`];
      const turns = index % 2 === 0 ? [[remove(small)], [remove(large)]] : [[remove(small), remove(large)]];
      const { body } = await play(cara, `swap-${index}`, [...turns, 'Done.']);
      const about = (thing: string) => pending(body.run.id, ({ arguments: { id } }) => id === thing);
      const first = await about(small);
      expect((await decide(first.id, { decision: 'approve' })).status).toBe(200);
      const other = await about(large);
      await decide(other.id, { decision: 'deny' });
      await over(body.run.id);
      expect(deletions()).toEqual([small]);
    });
  });

  it('would have its way without the gate', async () => {
    const access = chatter.app.get(ToolAccess, { strict: false });
    const decide = access.decide.bind(access);
    const open = jest
      .spyOn(access, 'decide')
      .mockImplementation(async (...asked) => ({ ...(await decide(...asked)), allowed: true, needsApproval: false }));
    try {
      await playAll(goalHijacks.slice(0, 8).map(({ name, turns }) => ({ name: `open-${name}`, turns })));
      expect(deletions().length + acts.mock.calls.length).toBe(8);
    } finally {
      open.mockRestore();
      attacks -= 8;
    }
  });

  it('was tried 300 times', () => {
    expect(attacks).toBe(300);
  });

  /** Eve's workspace: everything in it carries the canary. */
  async function foreignWorkspace() {
    const call = (method: string, path: string, body: unknown) =>
      created(chatter.call(method, path, { as: eve, body }));
    const definition = {
      kind: 'graph',
      nodes: [{ id: 'say', type: 'set', config: { values: { text: canary } } }],
      edges: [],
    };
    const workflow = await call('POST', '/workflows', { name: 'eves-workflow', definition });
    await call('POST', `/workflows/${workflow.id}/publish`, {});
    const chat = await call('POST', '/chat', { message: canary });
    return {
      workspaceId: eve.user.personalWorkspaceId,
      userId: eve.user.id,
      runId: chat.run.id as string,
      conversationId: chat.conversation.id as string,
      workflow: 'eves-workflow',
    };
  }
});

async function created(answer: Promise<Answer>): Promise<ReturnType<typeof JSON.parse>> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`Answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
