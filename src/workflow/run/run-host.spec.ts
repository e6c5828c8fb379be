import { setTimeout as sleep } from 'node:timers/promises';
import type { Budgets } from '../../usage/budget/budgets.js';
import type { ApprovalRepository, Outcome } from '../approval/approval.repository.js';
import { BranchCancelled } from '../graph/execution.js';
import type { ApprovalRequest } from '../node/node-type.js';
import { runCancelled } from '../workflow.errors.js';
import { ActiveRun, HandedOver, PutAside } from './active-run.js';
import type { EventLog } from './event-log.js';
import type { RunAnswers } from './run-answers.js';
import { ActiveRunHost } from './run-host.js';
import { RunMemory } from './run-memory.js';
import type { Run } from './run.js';

const RUN = { id: 'run', workspaceId: 'w', userId: 'u', fence: 1, executedMs: 0, attempt: 1 } as Run;
const HOUR = 3_600_000;
const REQUEST: ApprovalRequest = { kind: 'node', title: 'Go on?', expiresInMs: HOUR, onExpire: 'deny' };

describe('the host of a run', () => {
  let active: ActiveRun;
  let host: ActiveRunHost;
  let outcome: Outcome | undefined;
  let looks: number;
  /** How long the database takes to answer. */
  let delayMs: number;
  let settled: number;
  let expired: string[];
  let controller: AbortController;
  let signal: AbortSignal;
  const after = (ms: number): Date => new Date(Date.now() + ms);
  /** Lets everything happen that is due. */
  const pass = (ms = 20) => sleep(ms);
  const aside = (): PutAside | undefined => {
    const reason: unknown = active.signal.reason;
    return reason instanceof PutAside ? reason : undefined;
  };
  /** A step that waits, as a node does it: not counted as work meanwhile. */
  const step = async <Result>(wait: () => Promise<Result>): Promise<Result> => {
    host.busy(-1);
    try {
      return await wait();
    } finally {
      host.busy(1);
    }
  };
  const events = () => active.journal.take().map(({ data }) => JSON.parse(data) as Record<string, unknown>);

  beforeEach(() => {
    controller = new AbortController();
    ({ signal } = controller);
    [outcome, looks, delayMs, settled, expired] = [undefined, 0, 0, 0, []];
    active = new ActiveRun(RUN, { maxTokens: 1_000, maxToolCalls: 2, maxStepBytes: 1_000_000 });
    const log = { touch: () => undefined, settle: async () => void (settled += 1), relief: async () => undefined };
    const approvals: Pick<ApprovalRepository, 'outcome' | 'expire'> = {
      outcome: async () => {
        looks += 1;
        if (delayMs > 0) await sleep(delayMs);
        return outcome;
      },
      expire: async (id) => {
        if (delayMs > 0) await sleep(delayMs);
        expired.push(id);
        return outcome ?? { status: 'expired' };
      },
    };
    host = new ActiveRunHost(
      active,
      log as unknown as EventLog,
      approvals as ApprovalRepository,
      {} as Budgets,
      {} as RunAnswers,
    );
    host.busy(1);
  });
  afterEach(() => controller.abort());

  describe('puts the run aside', () => {
    it('when nothing goes on but a far timer, until then', async () => {
      const at = after(HOUR);
      void step(() => host.until(at, signal)).catch(() => undefined);
      await pass();
      expect(aside()).toMatchObject({ status: 'waiting', wakesAt: at, approvals: [] });
    });

    it('when it waits for a person, naming the approval and when it expires', async () => {
      void step(() => host.approval(['ask'], 'approval', REQUEST, signal)).catch(() => undefined);
      const [asked] = events();
      await pass();
      const wakesAt = new Date(String(asked?.expiresAt));
      expect(aside()).toMatchObject({ status: 'waiting', wakesAt, approvals: [asked?.approvalId] });
    });

    it('when it waits for a person for a moment only, once: whoever waits for the run is told', async () => {
      const request = { ...REQUEST, expiresInMs: 1_500 };
      void step(() => host.approval(['ask'], 'approval', request, signal)).catch(() => undefined);
      const [asked] = events();
      await pass();
      expect(aside()).toMatchObject({ status: 'waiting', approvals: [asked?.approvalId] });
    });

    it('not for a person that an earlier attempt asked and whose time is nearly over', async () => {
      const memory = new RunMemory();
      const data = { path: ['ask'], key: 'approval', approvalId: 'known', at: new Date(), expiresAt: after(1_500) };
      memory.read([{ seq: 1, type: 'approval_required', data: JSON.stringify(data), result: null }]);
      active.remember(memory);
      void step(() => host.approval(['ask'], 'approval', REQUEST, signal)).catch(() => undefined);
      await pass();
      expect(aside()).toBeUndefined();
    });

    it('until the first of what it waits for', async () => {
      host.busy(1);
      host.busy(1);
      const times = [3, 1, 2].map((hours) => after(hours * HOUR));
      for (const at of times) void step(() => host.until(at, signal)).catch(() => undefined);
      await pass();
      expect(aside()?.wakesAt).toEqual(times[1]);
    });

    it('not beyond a time that something of it is bound to, as long as it is', async () => {
      const at = after(2 * HOUR);
      host.deadline(at);
      const unbind = host.deadline(after(HOUR / 2));
      unbind();
      void step(() => host.until(after(9 * HOUR), signal)).catch(() => undefined);
      await pass();
      expect(aside()?.wakesAt).toEqual(at);
    });

    it('not while anything goes on beside', async () => {
      host.busy(1);
      void step(() => host.until(after(HOUR), signal)).catch(() => undefined);
      await pass(200);
      expect(aside()).toBeUndefined();
      host.busy(-1);
      await pass();
      expect(aside()).toBeDefined();
    });

    it('not between two steps: one ends and the next begins at once', async () => {
      void step(() => host.until(after(HOUR), signal)).catch(() => undefined);
      host.busy(1);
      await pass();
      expect(aside()).toBeUndefined();
    });

    it('not when nothing waits: the run is about to end', async () => {
      host.busy(-1);
      await pass();
      expect(active.signal.aborted).toBe(false);
    });

    it('not a second time, nor one that has been handed over or is over', async () => {
      active.stop(new HandedOver('Lost.'));
      void step(() => host.until(after(HOUR), signal)).catch(() => undefined);
      await pass();
      expect(active.signal.reason).toBeInstanceOf(HandedOver);
    });
  });

  it('waits here for a timer that is near, and puts the run aside after it for one that is far', async () => {
    host.busy(1);
    const far = after(HOUR);
    const near = step(() => host.until(after(1_500), signal)).then(() => host.busy(-1));
    void step(() => host.until(far, signal)).catch(() => undefined);
    await pass(1_000);
    expect(aside()).toBeUndefined();
    await near;
    await pass();
    expect(aside()?.wakesAt).toEqual(far);
  });

  it('does not wait for a time that is over', async () => {
    await host.until(after(-1), signal);
    await host.until(after(0), signal);
  });

  it('stops waiting when the node is stopped', async () => {
    const stop = new AbortController();
    const reason = new BranchCancelled('Enough.');
    const waiting = host.until(after(1_000), stop.signal).catch((error: unknown) => error);
    stop.abort(reason);
    expect(await waiting).toMatchObject({ name: 'AbortError', cause: reason });
  });

  describe('of an approval', () => {
    const ask = (request: Partial<ApprovalRequest> = {}) =>
      host.approval(['ask'], 'approval', { ...REQUEST, ...request }, signal);

    it('asks once, looks again whenever it is woken, and tells the decision once', async () => {
      const asking = ask({ detail: 'More' });
      await pass();
      expect(looks).toBe(1);
      host.wake();
      await pass();
      expect(looks).toBe(2);
      outcome = { status: 'approved', by: 'ben', reason: 'fine' };
      host.wake();
      const decision = await asking;
      expect(decision).toMatchObject({ approved: true, expired: false, by: 'ben', reason: 'fine' });
      const [asked, told, ...others] = events();
      expect(asked).toMatchObject({ type: 'approval_required', path: ['ask'], title: 'Go on?', detail: 'More' });
      expect(told).toMatchObject({ type: 'approval_decided', decision: 'approved', approved: true, by: 'ben' });
      expect([told?.approvalId, decision.approvalId]).toEqual([asked?.approvalId, asked?.approvalId]);
      expect(others).toEqual([]);
    });

    it('notices a decision that comes while it looks', async () => {
      const asking = ask();
      host.wake();
      outcome = { status: 'denied', by: 'ben' };
      host.wake();
      expect(await asking).toMatchObject({ approved: false, expired: false });
    });

    it.each([
      ['deny', false],
      ['approve', true],
    ] as const)('that expires, means what it says: %s', async (onExpire, approved) => {
      const asking = ask({ onExpire, expiresInMs: 1_000 });
      expect(await asking).toMatchObject({ approved, expired: true });
      expect([expired.length, settled]).toEqual([1, 1]);
      expect(events().at(-1)).toMatchObject({ type: 'approval_decided', decision: 'expired', approved });
    });

    it('that was decided at the last moment is not expired', async () => {
      const asking = ask({ expiresInMs: 1_000 });
      await pass();
      outcome = { status: 'denied', by: 'ben' };
      expect(await asking).toMatchObject({ approved: false, expired: false, by: 'ben' });
    });

    it('that an earlier attempt asked for is not asked for again, and what it told is not told again', async () => {
      const memory = new RunMemory();
      const data = { path: ['ask'], key: 'approval', approvalId: 'known', at: new Date(), expiresAt: after(HOUR) };
      memory.read([
        { seq: 1, type: 'approval_required', data: JSON.stringify(data), result: null },
        { seq: 2, type: 'approval_decided', data: JSON.stringify(data), result: null },
      ]);
      active.remember(memory);
      outcome = { status: 'approved' };
      expect(await ask()).toMatchObject({ approvalId: 'known', approved: true });
      expect(events()).toEqual([]);
    });

    it('that was decided is not waited for, however long it takes to see that', async () => {
      delayMs = 100;
      outcome = { status: 'approved' };
      expect(await step(() => ask())).toMatchObject({ approved: true });
      await pass();
      expect(aside()).toBeUndefined();
    });

    it('that has expired goes on, however long that takes to store, and whatever else is waited for', async () => {
      host.busy(1);
      void step(() => host.until(after(HOUR), signal)).catch(() => undefined);
      delayMs = 100;
      expect(await step(() => ask({ expiresInMs: 1 }))).toMatchObject({ expired: true });
      await pass();
      expect(aside()).toBeUndefined();
    });

    it('names those that are waited for', async () => {
      const asking = ask();
      const [asked] = events();
      expect(host.pendingApprovals).toEqual([asked?.approvalId]);
      outcome = { status: 'approved' };
      host.wake();
      await asking;
      expect(host.pendingApprovals).toEqual([]);
    });
  });

  describe('when it is to pause', () => {
    it('lets what runs end, begins nothing, and puts the run aside once nothing runs', async () => {
      expect(host.admit(false)).toBeUndefined();
      host.pause();
      await pass(200);
      expect(aside()).toBeUndefined();
      const held = host.admit(false)!.catch((error: unknown) => error);
      await pass();
      expect(aside()).toMatchObject({ status: 'paused', wakesAt: undefined, approvals: [] });
      expect(await held).toBe(active.signal.reason);
    });

    it('does so at once while the run only waits, near timers or not', async () => {
      void step(() => host.until(after(1_900), signal)).catch(() => undefined);
      await pass();
      expect(aside()).toBeUndefined();
      host.pause();
      await pass();
      expect(aside()).toMatchObject({ status: 'paused' });
    });

    it('lets go of held steps when the run is cancelled', async () => {
      host.busy(1);
      host.pause();
      const held = host.admit(true)!.catch((error: unknown) => error);
      const problem = runCancelled('Enough.');
      active.stop(problem);
      expect(await held).toBe(problem);
    });
  });

  it('makes durable what had an effect before the next effect begins, and nothing else', async () => {
    const node = { id: 'a', type: 'tool', config: {} };
    const end = { kind: 'nodeEnd', node, path: ['a'], status: 'succeeded', durationMs: 1 } as const;
    host.tell(end);
    expect(host.admit(true)).toBeUndefined();
    host.tell({ ...end, result: { status: 'succeeded' } });
    expect(host.admit(false)).toBeUndefined();
    await host.admit(true);
    expect(settled).toBe(1);
    expect(host.admit(true)).toBeUndefined();
  });

  it('counts tool calls up to the bound', () => {
    expect(['a', 'b', 'c'].map((callId) => host.takeToolCall(['t'], callId))).toEqual([true, true, false]);
  });
});
