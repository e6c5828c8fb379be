import pg from 'pg';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';

type Query = (this: Client, ...parameters: unknown[]) => unknown;
interface Client extends pg.Client {
  readonly connectionParameters: { readonly application_name?: string | null };
}

const RUNS = 20;
/** Whether somebody in another process has asked for a cancellation or a pause: looked up every now and then. */
const BY_THE_CLOCK = /pause_requested_at IS NOT NULL\)$/;
/** The queue makes its tables while the first runs are counted, and asks by the clock then, on connections of its own. */
const OF_THE_QUEUE = 'chatter-queue';

/** What runs ask of the database, by ratio; the process is alone on its schema. */
describe('the statements of a run', () => {
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  const seen: string[] = [];
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    prototype.query = function counted(this: Client, ...parameters: unknown[]): unknown {
      const [statement] = parameters as [string | { readonly text?: string }];
      const text = (typeof statement === 'string' ? statement : (statement.text ?? '')).trim();
      const isOfARun = this.connectionParameters.application_name !== OF_THE_QUEUE && !BY_THE_CLOCK.test(text);
      if (isOfARun) seen.push(text);
      return query.apply(this, parameters);
    };
    chatter = await startApp({
      SCRIPTED_TOKEN_MS: '0',
      EVENT_FLUSH_MS: '1000',
      RUN_SWEEP_MS: '600000',
      RUN_LEASE_MS: '600000',
    });
    anna = await chatter.register();
  });

  afterAll(async () => {
    prototype.query = query;
    await chatter.close();
  });

  const line = (steps: readonly { readonly type: string; readonly config: object }[]) => ({
    kind: 'graph',
    nodes: steps.map((step, index) => ({ id: `s${index}`, ...step })),
    edges: steps.slice(1).map((_, index) => ({ from: `s${index}`, to: `s${index + 1}` })),
  });
  const pure = { type: 'set', config: { values: { a: 1 } } };
  const effectful = { type: 'delay', config: { ms: 0 } };

  /** Of the median run that is waited for, once all that is done only once has been: what comes by the clock is left out. */
  async function statementsOf(path: string, body: object): Promise<number> {
    const ask = async (): Promise<number> => {
      const before = seen.length;
      const { status } = await chatter.call('POST', path, { as: anna, body });
      expect(status).toBe(200);
      return seen.length - before;
    };
    await ask();
    const counts: number[] = [];
    for (let run = 0; run < RUNS; run += 1) counts.push(await ask());
    return counts.toSorted((left, right) => left - right)[RUNS / 2] ?? 0;
  }
  const runOf = (steps: readonly { readonly type: string; readonly config: object }[]) =>
    statementsOf('/runs', { definition: line(steps) });

  it('are those of its beginning and its end when one node has an effect: nothing is written in between', async () => {
    const one = await runOf([pure, effectful, pure]);
    expect(one / (await runOf([pure]))).toBeLessThan(1.05);
  });

  it('grow by at most one for each further node with an effect, and not at all for pure ones', async () => {
    const one = await runOf([effectful]);
    const many = await runOf(Array.from({ length: 11 }, () => effectful));
    expect((many - one) / 10).toBeGreaterThan(0.9);
    expect((many - one) / 10).toBeLessThan(1.05);
    expect((await runOf(Array.from({ length: 30 }, () => pure))) / (await runOf([pure]))).toBeLessThan(1.05);
  });

  it('do not grow with the number of branches', async () => {
    const branches = (count: number) => ({
      kind: 'graph',
      nodes: Array.from({ length: count }, (_, index) => ({ id: `b${index}`, ...effectful })),
    });
    const few = await statementsOf('/runs', { definition: branches(2) });
    expect((await statementsOf('/runs', { definition: branches(50) })) / few).toBeLessThan(1.05);
  });

  it('hold no look at budgets in a workspace without any, but one every few seconds', async () => {
    const [before, start] = [seen.length, performance.now()];
    await statementsOf('/chat', { message: '[[tokens=3]] Say it.', workflow: 'plain' });
    const looks = seen.slice(before).filter((text) => /\bbudget/.test(text));
    expect(looks.length).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - start) / 3_000));
  });

  it('hold no look at what this process has just written, nor for a workflow of a name that only it has', async () => {
    const before = seen.length;
    await runOf([pure, effectful]);
    await statementsOf('/chat', { message: '[[tokens=3]] Say it.', workflow: 'plain' });
    const looks = seen.slice(before).filter((text) => /^SELECT[^;]*\bFROM (run|run_event|workflow)\b/.test(text));
    expect([seen.length > before, looks]).toEqual([true, []]);
  });

  it('of a turn in a long conversation are those of its first turns: a summary that holds is read with the messages', async () => {
    const turn = (more: object) => ({ message: '[[tokens=3]] Say it.', workflow: 'plain', ...more });
    const first = await statementsOf('/chat', turn({}));
    const { body } = await chatter.call('POST', '/chat', { as: anna, body: turn({}) });
    const conversationId = body.conversation.id as string;
    const later = await statementsOf('/chat', turn({ conversationId, memoryWindow: 100 }));
    expect((await statementsOf('/chat', turn({ conversationId, memoryWindow: 40 }))) / later).toBeLessThan(1.05);
    const { body: told } = await chatter.call('GET', `/conversations/${conversationId}`, { as: anna });
    expect(told.summary).toEqual(expect.any(String));
    // The conversation is looked up instead of made.
    expect(later - first).toBeLessThanOrEqual(1);
  });
});
