import { newId } from '../../src/platform/clock/id.js';
import { ApprovalRepository } from '../../src/workflow/approval/approval.repository.js';
import { Sealer } from '../../src/platform/sealing/sealer.js';
import { EventRepository } from '../../src/workflow/run/event.repository.js';
import type { AskedApproval, ChildState, NewEvent } from '../../src/workflow/run/run-event.js';
import type { Run } from '../../src/workflow/run/run.js';
import type { Pausing, RunClaims } from '../../src/workflow/run/run-claims.js';
import type { RunRepository } from '../../src/workflow/run/run.repository.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';
import { runBuilder } from '../support/run-builder.js';

const LEASE = { owner: 'process-2', ms: 60_000 };
const PLACES = 1_000;
const HOUR = 3_600_000;
const WAITING: Pausing = { status: 'waiting', wakeAt: undefined, approvals: [], executedMs: 7 };
const SUCCESS = { status: 'succeeded', output: {}, problem: null, usage: null, cost: null, executedMs: 1 } as const;

const soon = (ms = HOUR): Date => new Date(Date.now() + ms);

describe('runs that wait, and what belongs to a run', () => {
  let migrated: MigratedDatabase;
  let runs: RunRepository;
  let claims: RunClaims;
  let events: EventRepository;
  let approvals: ApprovalRepository;
  let build: ReturnType<typeof runBuilder>;
  const claim = (places = PLACES) => claims.claim(LEASE, 100, places);
  const claimedIds = async (places?: number) => (await claim(places)).map(({ id }) => id);
  const row = async ({ id }: Pick<Run, 'id'>) =>
    (
      await migrated.sql<{
        status: string;
        begun: boolean;
        pause: boolean;
        cancel: boolean;
        due: boolean;
        attempt: number;
      }>(
        `SELECT status, attempt, started_at IS NOT NULL AS begun, pause_requested_at IS NOT NULL AS pause,
           cancel_requested_at IS NOT NULL AS cancel, coalesce(wake_at <= clock_timestamp(), false) AS due FROM run WHERE id = $1`,
        [id],
      )
    )[0]!;

  beforeAll(async () => {
    migrated = await migratedDatabase('waiting');
    events = new EventRepository(migrated.database, new Sealer(Buffer.alloc(32, 7)));
    approvals = new ApprovalRepository(migrated.database);
    build = runBuilder(migrated);
    ({ runs, claims } = build);
  });
  beforeEach(() => build.settle());
  afterAll(() => migrated.drop());

  const child = (root: Run, parts: Partial<ChildState> = {}): ChildState => ({
    id: newId(),
    rootRunId: root.id,
    parentRunId: root.id,
    path: ['a'],
    status: 'running',
    workflow: { name: 'plain', hash: 'h' },
    input: { text: 'a\0b' },
    startedAt: '2026-11-23T09:30:00.000Z',
    ...parts,
  });
  const asked = (run: Run, parts: Partial<AskedApproval> = {}): AskedApproval => ({
    id: newId(),
    runId: run.id,
    path: ['ask'],
    kind: 'node',
    title: 'Go on?',
    onExpire: 'deny',
    expiresAt: soon().toISOString(),
    ...parts,
  });
  const event = (seq: number, parts: Partial<NewEvent> = {}): NewEvent => ({ seq, type: 'note', data: '{}', ...parts });
  const append = (run: Pick<Run, 'id' | 'fence'>, ...batch: readonly NewEvent[]) =>
    events.append([{ runId: run.id, fence: run.fence, events: batch }]);
  /** A run that waits for an approval, and the approval. */
  const waiting = async () => {
    const run = await build.running();
    const approval = asked(run);
    await append(run, event(1, { approval }));
    return { run, approval };
  };
  const putAside = (run: Run, pausing: Partial<Pausing> = {}) =>
    migrated.database.transaction(async () => {
      if (!(await claims.lock(run))) return undefined;
      return claims.putAside(run, { ...WAITING, ...pausing });
    });
  const decide = ({ id, workspaceId }: Run, approvalId: string) =>
    migrated.database.transaction(async () => {
      await runs.lockRow(id);
      const decided = await approvals.decide(workspaceId, approvalId, { approved: true, by: newId() });
      if (decided) await runs.wake(id);
      return decided;
    });

  describe('events with what they bring along', () => {
    it('are stored in one statement: children as rows, approvals as rows, results beside the text', async () => {
      const [run, other] = [await build.running(), await build.running()];
      const [one, two] = [child(run), child(other, { path: ['a', 'b'] })];
      const approval = asked(run, {
        kind: 'tool',
        tool: 'send',
        arguments: { to: '\ud800' },
        risk: 'high',
        callId: 'c',
      });
      await events.append([
        {
          runId: run.id,
          fence: run.fence,
          events: [event(1, { child: one, result: '{"x":1}' }), event(2, { approval })],
        },
        { runId: other.id, fence: other.fence, events: [event(1, { child: two })] },
      ]);
      expect(await runs.find(run.workspaceId, one.id)).toMatchObject({
        kind: 'child',
        status: 'running',
        userId: run.userId,
        parentRunId: run.id,
        rootRunId: run.id,
        path: ['a'],
        input: { text: 'a\ufffdb' },
        startedAt: new Date('2026-11-23T09:30:00.000Z'),
      });
      expect(await runs.find(other.workspaceId, two.id)).toMatchObject({ path: ['a', 'b'], userId: other.userId });
      expect(await approvals.find(run.workspaceId, approval.id)).toMatchObject({
        runId: run.id,
        status: 'pending',
        tool: 'send',
        arguments: { to: '\ufffd' },
      });
      expect(await approvals.find(other.workspaceId, approval.id)).toBeUndefined();
      expect(await events.readKept(run.id, 0, 10)).toMatchObject([{ result: '{"x":1}' }, { result: null }]);
      expect(Object.keys((await events.read(run.id, 0, 1))[0]!)).toEqual(['seq', 'type', 'data']);
    });

    it('end the child that they began, also within the same batch', async () => {
      const run = await build.running();
      const begun = child(run);
      const over = { status: 'succeeded', output: [1], usage: null, cost: 0.5, durationMs: 3 } as const;
      const ended = { ...begun, ...over, endedAt: '2026-11-23T09:30:00.003Z' };
      await append(run, event(1, { child: begun }), event(2, { child: ended }));
      expect(await runs.find(run.workspaceId, begun.id)).toMatchObject(over);
      await append(run, event(1, { child: begun }), event(2, { child: ended }));
      expect(await runs.find(run.workspaceId, begun.id)).toMatchObject(over);
    });

    it('end what has waited longer than the milliseconds of an integer, children and all', async () => {
      const [run, queued] = [await build.running(), await build.queued()];
      const [old, open] = [child(run), child(run)];
      await append(run, event(1, { child: old }), event(2, { child: open }));
      expect((await runs.find(run.workspaceId, old.id))!.durationMs).toBeNull();
      await migrated.sql(
        `UPDATE run SET created_at = now() - interval '60 days', started_at = now() - interval '60 days'`,
      );
      await append(run, event(3, { child: { ...old, status: 'succeeded', durationMs: 60 * 24 * HOUR } }));
      expect(await claims.end(run, SUCCESS)).toMatchObject({ status: 'succeeded', durationMs: 2_147_483_647 });
      await claims.endChildren(run.id, 'cancelled', null);
      const children = await Promise.all([old, open].map(({ id }) => runs.find(run.workspaceId, id)));
      expect(children).toMatchObject([
        { status: 'succeeded', durationMs: 2_147_483_647 },
        { status: 'cancelled', durationMs: 2_147_483_647 },
      ]);
      const problem = { type: '/problems/run-cancelled', title: 'Cancelled', status: 409, detail: 'No.' };
      expect(await claims.cancelQueued(queued.id, problem)).toMatchObject({ status: 'cancelled' });
    });

    it('under a stale fence store nothing at all', async () => {
      const stale = await build.running();
      await build.expire(stale);
      const [now] = await claim();
      const [lost, approval, kept] = [child(stale), asked(stale), child(stale)];
      expect(await append(stale, event(1, { child: lost, result: '1' }), event(2, { approval }))).toEqual(new Set());
      expect(await events.read(stale.id, 0, 10)).toEqual([]);
      expect(await runs.find(stale.workspaceId, lost.id)).toBeUndefined();
      expect(await approvals.find(stale.workspaceId, approval.id)).toBeUndefined();
      await append(now!, event(1, { child: kept }));
      expect(await append(stale, event(2, { child: { ...kept, status: 'failed' } }))).toEqual(new Set());
      expect(await runs.find(stale.workspaceId, kept.id)).toMatchObject({ status: 'running' });
    });

    it('of one run do not touch a child of another', async () => {
      const [run, other] = [await build.running(), await build.running()];
      const own = child(run);
      await append(run, event(1, { child: own }));
      await append(other, event(1, { child: { ...own, rootRunId: other.id, status: 'failed' } }));
      expect(await runs.find(run.workspaceId, own.id)).toMatchObject({ status: 'running', rootRunId: run.id });
    });

    it('do not ask again for an approval that was decided when their write is repeated', async () => {
      const { run, approval } = await waiting();
      await decide(run, approval.id);
      await append(run, event(1, { approval }));
      expect(await approvals.find(run.workspaceId, approval.id)).toMatchObject({ status: 'approved' });
    });

    it('are read of a child: those at its path and below, up to its end', async () => {
      const run = await build.running();
      const data = (path: unknown, more = {}) => JSON.stringify({ path, ...more });
      await append(
        run,
        event(1, { data: '{}' }),
        event(2, { data: data(['a']) }),
        event(3, { data: data(['ab']) }),
        event(4, { data: data(['a', 'b']) }),
        event(5, { data: data(['a'], { childRunId: 'former' }), type: 'child_end' }),
        event(6, { data: data(['a', 'c']) }),
        event(7, { data: data(['a'], { childRunId: 'child' }), type: 'child_end' }),
        event(8, { data: data(['a']) }),
      );
      const below = async (id: string, path: readonly string[], after = 0, limit = 10) =>
        (await events.readBelow(run.id, { id, path }, after, limit)).map(({ seq }) => seq);
      expect(await below('child', ['a'])).toEqual([2, 4, 5, 6, 7]);
      expect(await below('child', ['a'], 4, 2)).toEqual([5, 6]);
      expect(await below('child', ['a'], 7)).toEqual([]);
      expect(await below('former', ['a'])).toEqual([2, 4, 5]);
      expect(await below('open', ['a'])).toEqual([2, 4, 5, 6, 7, 8]);
      expect(await below('open', ['a', 'b'])).toEqual([4]);
      expect(await below('open', ['{a}', 'NULL'])).toEqual([]);
    });
  });

  describe('a run that is put aside', () => {
    it('waits until its time, and its attempt does not count', async () => {
      const run = await build.running();
      expect(await putAside(run, { wakeAt: soon() })).toEqual({ wakeAt: expect.any(Date) });
      expect(await row(run)).toMatchObject({ status: 'waiting', attempt: 1, due: false });
      expect(await claimedIds()).toEqual([]);
      await migrated.sql(`UPDATE run SET wake_at = now() - interval '1 ms' WHERE id = $1`, [run.id]);
      expect(await claim()).toMatchObject([{ id: run.id, attempt: 1, fence: 2, executedMs: 7 }]);
      expect(await claimedIds()).toEqual([]);
    });

    it('waits for ever without a time, and is woken', async () => {
      const run = await build.running();
      expect(await putAside(run)).toEqual({ wakeAt: null });
      expect(await claimedIds()).toEqual([]);
      await runs.wake(run.id);
      expect(await claimedIds()).toEqual([run.id]);
      await runs.wake(run.id);
      expect(await claimedIds()).toEqual([]);
    });

    it('is so by its owner alone', async () => {
      const run = await build.running();
      await build.expire(run);
      await claim();
      expect(await putAside(run)).toBeUndefined();
      expect((await row(run)).status).toBe('running');
    });

    it('goes on at once when what it waits for has come already, and not for what others wait for', async () => {
      const [one, two] = [await waiting(), await waiting()];
      await decide(one.run, one.approval.id);
      await putAside(one.run, { approvals: [one.approval.id], wakeAt: soon() });
      await putAside(two.run, { approvals: [two.approval.id], wakeAt: soon() });
      expect([(await row(one.run)).due, (await row(two.run)).due]).toEqual([true, false]);
      expect(await claimedIds()).toEqual([one.run.id]);
    });

    it.each([
      ['waiting', 'pause', { status: 'paused', due: false }],
      ['waiting', 'cancel', { status: 'waiting', due: true }],
      ['paused', 'pause', { status: 'paused', due: false }],
      ['paused', 'cancel', { status: 'waiting', due: true }],
      ['paused', 'pause and cancel', { status: 'waiting', due: true }],
      ['waiting', 'pause and cancel', { status: 'waiting', due: true }],
      ['paused', 'pause and resume', { status: 'waiting', due: true }],
      ['waiting', 'pause and resume', { status: 'waiting', due: false }],
    ] as const)('as %s does what was asked of it in the meantime: %s', async (status, requests, expected) => {
      const run = await build.running();
      const { workspaceId, id } = run;
      if (requests.includes('pause')) await runs.requestPause(workspaceId, id);
      if (requests.includes('resume')) await runs.resume(workspaceId, id);
      if (requests.includes('cancel')) await runs.requestCancel(workspaceId, id);
      await putAside(run, { status, wakeAt: soon() });
      expect(await row(run)).toMatchObject(expected);
    });

    it('goes on at once when one of its children is to be cancelled', async () => {
      const run = await build.running();
      const [one, two] = [child(run), child(run)];
      await append(run, event(1, { child: one }), event(2, { child: two }));
      expect(await claims.childrenToCancel(run.id)).toEqual([]);
      await runs.requestCancel(run.workspaceId, two.id);
      await putAside(run, { wakeAt: soon() });
      expect([(await row(run)).due, await claims.childrenToCancel(run.id)]).toEqual([true, [two.id]]);
    });

    it.each([
      ['decision', 'waiting'],
      ['cancellation', 'waiting'],
      ['resumption', 'paused'],
      ['cancellation', 'paused'],
    ] as const)('is never left behind by a %s that comes at the same moment, as %s', async (what, status) => {
      const rounds = await Promise.all(
        Array.from({ length: 100 }, async () => {
          const { run, approval } = await waiting();
          if (status === 'paused') await runs.requestPause(run.workspaceId, run.id);
          const act = {
            decision: () => decide(run, approval.id),
            cancellation: () => runs.requestCancel(run.workspaceId, run.id),
            resumption: () => runs.resume(run.workspaceId, run.id),
          }[what];
          const aside = () => putAside(run, { status, approvals: [approval.id], wakeAt: soon() });
          await Promise.all(Math.random() < 0.5 ? [aside(), act()] : [act(), aside()]);
          return run.id;
        }),
      );
      expect((await claimedIds()).toSorted()).toEqual(rounds.toSorted());
    });
  });

  describe('a place for a queued run', () => {
    it('is there up to the limit of its user, oldest first; runs that wait take none', async () => {
      const user = await migrated.tenant();
      const others = await build.queued();
      await build.running(user);
      const aside = await build.running(user);
      await putAside(aside);
      const queued: Run[] = [];
      for (let index = 0; index < 4; index += 1) queued.push(await build.queued(user));
      expect((await claimedIds(3)).toSorted()).toEqual([others, ...queued.slice(0, 2)].map(({ id }) => id).toSorted());
      expect(await claimedIds(3)).toEqual([]);
      expect(await claims.hasQueued()).toBe(true);
      expect(await claimedIds(4)).toEqual([queued[2]!.id]);
    });

    it('is needed by no run that goes on: one that has waited, or was left by its process', async () => {
      const user = await migrated.tenant();
      await build.running(user);
      const [aside, left] = [await build.running(user), await build.running(user)];
      await putAside(aside, { wakeAt: new Date() });
      await build.expire(left);
      expect((await claimedIds(1)).toSorted()).toEqual([aside.id, left.id].toSorted());
    });

    it('is not taken by children', async () => {
      const user = await migrated.tenant();
      const root = await build.running(user);
      await append(root, event(1, { child: child(root) }), event(2, { child: child(root) }));
      const queued = await build.queued(user);
      expect(await claimedIds(2)).toEqual([queued.id]);
    });
  });

  it('children end with their root, those that have not yet', async () => {
    const [run, other] = [await build.running(), await build.running()];
    const [open, over, foreign] = [child(run), child(run), child(other)];
    await append(run, event(1, { child: open }), event(2, { child: { ...over, status: 'succeeded', output: 1 } }));
    await append(other, event(1, { child: foreign }));
    const problem = { type: '/problems/x', title: 'X', status: 409, detail: 'x' };
    await claims.endChildren(run.id, 'cancelled', problem);
    const read = (id: string) => runs.find(run.workspaceId, id);
    expect(await read(open.id)).toMatchObject({ status: 'cancelled', problem, endedAt: expect.any(Date) });
    expect(await read(over.id)).toMatchObject({ status: 'succeeded', problem: null });
    expect(await runs.find(other.workspaceId, foreign.id)).toMatchObject({ status: 'running' });
    expect((await runs.children(run.workspaceId, run.id, undefined, 10)).map(({ id }) => id)).toEqual([
      open.id,
      over.id,
    ]);
    expect(await runs.children(run.workspaceId, run.id, open.id, 10)).toMatchObject([{ id: over.id }]);
    expect(await runs.children(other.workspaceId, run.id, undefined, 10)).toEqual([]);
  });

  describe('what is asked of a run', () => {
    type Seen = Partial<Awaited<ReturnType<typeof row>>>;
    const make = async (kind: string): Promise<Run> => {
      if (kind === 'queued') return build.queued();
      if (kind === 'paused before it began') {
        const run = await build.queued();
        return (await runs.requestPause(run.workspaceId, run.id))!;
      }
      const run = await build.running();
      if (kind === 'running, to be paused') await runs.requestPause(run.workspaceId, run.id);
      if (kind === 'waiting' || kind === 'paused') await putAside(run, { wakeAt: soon() });
      if (kind === 'paused') await runs.requestPause(run.workspaceId, run.id);
      if (['succeeded', 'failed', 'cancelled', 'timedOut'].includes(kind))
        await claims.end(run, { ...SUCCESS, status: kind as 'succeeded' });
      return run;
    };
    /** What it is then, and whether there was anything to ask. */
    const table: readonly [status: string, request: 'pause' | 'resume' | 'cancel', heard: boolean, then: Seen][] = [
      ['queued', 'pause', true, { status: 'paused', pause: true, begun: false }],
      ['queued', 'resume', false, { status: 'queued' }],
      ['queued', 'cancel', true, { status: 'queued', cancel: true }],
      ['running', 'pause', true, { status: 'running', pause: true }],
      ['running', 'resume', false, { status: 'running' }],
      ['running', 'cancel', true, { status: 'running', cancel: true }],
      ['running, to be paused', 'pause', true, { status: 'running', pause: true }],
      ['running, to be paused', 'resume', true, { status: 'running', pause: false }],
      ['running, to be paused', 'cancel', true, { status: 'running', pause: true, cancel: true }],
      ['waiting', 'pause', true, { status: 'paused', pause: true, due: false }],
      ['waiting', 'resume', false, { status: 'waiting', due: false }],
      ['waiting', 'cancel', true, { status: 'waiting', cancel: true, due: true }],
      ['paused', 'pause', true, { status: 'paused', pause: true, due: false }],
      ['paused', 'resume', true, { status: 'waiting', pause: false, due: true }],
      ['paused', 'cancel', true, { status: 'waiting', cancel: true, due: true }],
      ['paused before it began', 'pause', true, { status: 'paused', begun: false }],
      ['paused before it began', 'resume', true, { status: 'queued', pause: false, begun: false }],
      ['paused before it began', 'cancel', true, { status: 'queued', cancel: true, begun: false }],
      ...(['succeeded', 'failed', 'cancelled', 'timedOut'] as const).flatMap((status) =>
        (['pause', 'resume', 'cancel'] as const).map((request): (typeof table)[number] => [
          status,
          request,
          request === 'cancel',
          { status, pause: false, cancel: false },
        ]),
      ),
    ];

    it.each(table)('%s: %s (heard: %p)', async (status, request, heard, then) => {
      const run = await make(status);
      const ask = {
        pause: () => runs.requestPause(run.workspaceId, run.id),
        resume: () => runs.resume(run.workspaceId, run.id),
        cancel: () => runs.requestCancel(run.workspaceId, run.id),
      }[request];
      const before = await row(run);
      const answer = await ask();
      expect([answer !== undefined, answer?.id ?? run.id]).toEqual([heard, run.id]);
      expect(await row(run)).toMatchObject(then);
      if (answer) expect(answer.status).toBe(then.status);
      else expect(await row(run)).toEqual(before);
    });

    it('is not heard from another workspace, nor pausing from a child', async () => {
      const run = await build.running();
      const own = child(run);
      await append(run, event(1, { child: own }));
      const { workspaceId } = await build.running();
      expect([
        await runs.requestPause(workspaceId, run.id),
        await runs.resume(workspaceId, run.id),
        await runs.requestCancel(workspaceId, run.id),
        await runs.requestPause(run.workspaceId, own.id),
      ]).toEqual([undefined, undefined, undefined, undefined]);
      expect(await row(run)).toMatchObject({ pause: false, cancel: false });
    });

    it('is told to whoever executes it, children among them', async () => {
      const [paused, cancelled, both, quiet] = await Promise.all(Array.from({ length: 4 }, () => build.running()));
      const own = child(quiet!);
      await append(quiet!, event(1, { child: own }));
      for (const run of [paused!, both!]) await runs.requestPause(run.workspaceId, run.id);
      for (const run of [cancelled!, both!, { ...quiet!, id: own.id }])
        await runs.requestCancel(run.workspaceId, run.id);
      const ids = [paused!, cancelled!, both!, quiet!, own].map(({ id }) => id);
      const told = Object.fromEntries((await claims.requests(ids)).map(({ id, cancel }) => [id, cancel]));
      expect(told).toEqual({ [paused!.id]: false, [cancelled!.id]: true, [both!.id]: true, [own.id]: true });
    });
  });

  describe('a chat turn that is paused before it began', () => {
    it('holds no conversation: what came before it goes on, what comes after it waits', async () => {
      const conversationId = newId();
      const tenant = await migrated.tenant();
      const holder = await build.running({ ...tenant, conversationId });
      const [first, second, third] = [
        await build.queued({ ...tenant, conversationId }),
        await build.queued({ ...tenant, conversationId }),
        await build.queued({ ...tenant, conversationId }),
      ];
      for (const { workspaceId, id } of [second, third])
        expect(await runs.requestPause(workspaceId, id)).toMatchObject({ status: 'paused' });
      await runs.resume(tenant.workspaceId, third.id);
      expect(await runs.holding(tenant.workspaceId, conversationId)).toMatchObject({ id: holder.id });
      await claims.end(holder, SUCCESS);
      const [now] = await claim();
      expect(now?.id).toBe(first.id);
      await claims.end(now!, SUCCESS);
      expect(await claimedIds()).toEqual([]);
      expect(await runs.holding(tenant.workspaceId, conversationId)).toBeUndefined();
      expect(await runs.ahead(tenant.workspaceId, conversationId)).toEqual({ id: second.id, status: 'paused' });
      expect(await runs.insertRunning(await build.newRun({ conversationId }), LEASE, PLACES)).toBeUndefined();
      await runs.resume(tenant.workspaceId, second.id);
      expect(await claimedIds()).toEqual([second.id]);
    });

    it('is no matter to runs of the conversation that are no turns', async () => {
      const conversationId = newId();
      await build.queued({ conversationId });
      expect(await build.running({ conversationId, kind: 'workflow' })).toMatchObject({ status: 'running' });
    });
  });
});
