import { databaseFault } from '../platform/database/fault.js';
import { grant, toolRoom } from '../../test/support/tool-room.js';
import { contentHash } from '../platform/schema/canonical-json.js';
import { ClaimLost } from './ledger/tool-call.js';
import type { ToolInvocation, ToolPermit, ToolQuestion } from './tool-invocation.js';
import { budgetExceeded } from '../usage/budget/budget.errors.js';
import { toolFailed } from './tool.errors.js';

const invocation = (parts: Partial<ToolInvocation>): ToolInvocation => ({
  tool: 'test_any',
  arguments: {},
  workspaceId: 'w',
  userId: 'u',
  runId: 'r',
  callId: 'n:1',
  signal: new AbortController().signal,
  ...parts,
});

describe('a tool call', () => {
  it('hands parsed arguments to the tool, says for whom, and answers with the result', async () => {
    const { gate, any } = await toolRoom();
    let seen: unknown;
    any.act = (args, { signal: _signal, ...context }) => {
      seen = { args, context };
      return { a: [1, null] };
    };
    const outcome = await gate.invoke(invocation({ conversationId: 'c' }));
    expect(outcome).toEqual({ status: 'ok', result: { a: [1, null] }, durationMs: expect.any(Number) });
    expect(seen).toEqual({
      args: { input: 'none' },
      context: {
        workspaceId: 'w',
        userId: 'u',
        conversationId: 'c',
        runId: 'r',
        callId: 'n:1',
        idempotencyKey: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
  });

  it.each(['missing', 'constructor', '__proto__'])('of the unknown tool %s is an error', async (tool) => {
    const { gate } = await toolRoom();
    expect(await gate.invoke(invocation({ tool }))).toMatchObject({
      status: 'error',
      problem: { type: { slug: 'tool-unknown' }, detail: expect.stringContaining(`"${tool}"`) },
    });
  });

  it('with faulty arguments does not reach the tool and lists every fault', async () => {
    const { gate, echo } = await toolRoom();
    const outcome = await gate.invoke(invocation({ tool: 'test_echo', arguments: { text: 1, more: true } }));
    expect(outcome).toMatchObject({
      status: 'error',
      problem: {
        type: { slug: 'tool-arguments-invalid' },
        extensions: { errors: [{ pointer: '/text' }, { pointer: '' }] },
      },
    });
    expect(echo.calls).toEqual([]);
  });

  it('shows the problem a tool throws', async () => {
    const { gate, any } = await toolRoom();
    any.act = () => {
      throw toolFailed('The ticket is closed.');
    };
    expect(await gate.invoke(invocation({}))).toMatchObject({
      status: 'error',
      problem: { detail: 'The ticket is closed.' },
    });
  });

  it('shows nothing of any other error', async () => {
    const { gate, any } = await toolRoom();
    any.act = () => {
      throw new Error('password=hunter2');
    };
    const outcome = await gate.invoke(invocation({}));
    expect(outcome).toMatchObject({ status: 'error', problem: { type: { slug: 'tool-failed' } } });
    if (outcome.status === 'ok') throw new Error('It failed.');
    expect(JSON.stringify(outcome.problem.body())).not.toContain('hunter2');
  });

  it('fails when the tool does not answer in time, and tells the tool', async () => {
    const { gate, any } = await toolRoom({ TOOL_TIMEOUT_MS: '1000' });
    let inner: AbortSignal | undefined;
    any.act = (_, { signal }) => {
      inner = signal;
      return new Promise(() => undefined);
    };
    const outcome = await gate.invoke(invocation({}));
    expect(outcome).toMatchObject({
      status: 'error',
      problem: { type: { slug: 'tool-timeout' }, detail: expect.stringContaining('TOOL_TIMEOUT_MS') },
    });
    expect(outcome.durationMs).toBeGreaterThanOrEqual(990);
    expect(inner?.aborted).toBe(true);
  });

  it('throws the reason of an abort, whether the tool notices or not', async () => {
    const { gate, any } = await toolRoom();
    const controller = new AbortController();
    any.act = () => {
      controller.abort(new Error('cancelled'));
      return new Promise(() => undefined);
    };
    await expect(gate.invoke(invocation({ signal: controller.signal }))).rejects.toThrow('cancelled');
    any.act = () => {
      throw new Error('It was called.');
    };
    await expect(gate.invoke(invocation({ signal: controller.signal }))).rejects.toThrow('cancelled');
  });

  it.each<[string, unknown, unknown]>([
    ['nothing', undefined, null],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['text that no database takes', 'a\0b\ud800', 'a\ufffdb\ufffd'],
    ['the largest text', 'a'.repeat(262_142), 'a'.repeat(262_142)],
  ])('keeps %s as plain data', async (_, result, kept) => {
    const { gate, any } = await toolRoom();
    any.act = () => result;
    expect(await gate.invoke(invocation({}))).toMatchObject({ status: 'ok', result: kept });
  });

  it.each<[string, unknown, string]>([
    ['larger than 256 KB', 'ü'.repeat(131_072), 'tool-result-too-large'],
    ['no JSON', 1n, 'tool-failed'],
    ['a function', () => undefined, 'tool-failed'],
  ])('fails with a result that is %s', async (_, result, slug) => {
    const { gate, any } = await toolRoom();
    any.act = () => result;
    expect(await gate.invoke(invocation({}))).toMatchObject({ status: 'error', problem: { type: { slug } } });
  });
});

const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const AWAY = databaseFault(refused());
const CLAIM = { runId: 'r', fence: 1 };
const READING = { tool: 'test_echo', arguments: { text: 'Hi' } };

describe('while the database is away', () => {
  it('what a tool has answered is kept until it can be written, and not asked for again', async () => {
    const { gate, any, ledger } = await toolRoom();
    let calls = 0;
    any.act = () => (calls += 1);
    const end = ledger.end.bind(ledger);
    let refusals = 2;
    ledger.end = async (...told) => {
      if (refusals-- > 0) throw AWAY;
      return end(...told);
    };
    expect(await gate.invoke(invocation({ claim: CLAIM }))).toMatchObject({ status: 'ok', result: 1 });
    expect(ledger.entries).toMatchObject([{ status: 'ok', result: 1, dispatches: 1 }]);
    expect(calls).toBe(1);
  });

  it('the end of a call that was let go is not tried again', async () => {
    const { gate, ledger } = await toolRoom();
    const controller = new AbortController();
    let tries = 0;
    ledger.end = async () => {
      tries += 1;
      controller.abort(new Error('handed over'));
      throw AWAY;
    };
    await expect(gate.invoke(invocation({ claim: CLAIM, signal: controller.signal }))).rejects.toBe(AWAY);
    expect(tries).toBe(1);
  });

  it('what the ledger refuses is not tried again', async () => {
    const { gate, ledger } = await toolRoom();
    const lost = new ClaimLost(CLAIM);
    ledger.end = () => Promise.reject(lost);
    await expect(gate.invoke(invocation({ claim: CLAIM }))).rejects.toBe(lost);
  });

  describe('a tool that needs it', () => {
    it('is called again by the next attempt at the run, when it only reads', async () => {
      const { gate, echo, ledger } = await toolRoom();
      const call = echo.call.bind(echo);
      echo.call = () => Promise.reject(AWAY);
      const reading = invocation({ ...READING, claim: CLAIM });
      await expect(gate.invoke(reading)).rejects.toBe(AWAY);
      expect(ledger.entries).toMatchObject([{ status: 'dispatched', dispatches: 1 }]);
      echo.call = call;
      expect(await gate.invoke(reading)).toMatchObject({ status: 'ok', result: { echo: 'Hi' } });
      expect(ledger.entries).toMatchObject([{ status: 'ok', dispatches: 2 }]);
    });

    it.each<[string, unknown, Partial<ToolInvocation>]>([
      ['when it acts anew each time', AWAY, { claim: CLAIM }],
      ['outside of any run', AWAY, READING],
      ['when it is something else that is away', refused(), { ...READING, claim: CLAIM }],
    ])('has failed %s: nobody calls it again', async (_, fault, parts) => {
      const { gate, any, echo, ledger } = await toolRoom();
      any.act = () => Promise.reject(fault);
      echo.call = () => Promise.reject(fault);
      expect(await gate.invoke(invocation(parts))).toMatchObject({
        status: 'error',
        problem: { type: { slug: 'tool-failed' } },
      });
      expect(ledger.entries).toMatchObject([{ status: 'error' }]);
    });
  });
});

describe('a call that is cut', () => {
  const LEFT = new Error('handed over');

  it.each<[string, string, Error, Partial<ToolInvocation>]>([
    [
      'is in doubt with what ended its run when it acts anew',
      'in_doubt',
      toolFailed('The run is over.'),
      { claim: CLAIM },
    ],
    [
      'has failed with what ended its run when it only reads',
      'error',
      toolFailed('The run is over.'),
      { claim: CLAIM, ...READING },
    ],
    ['is in doubt when it acts anew and the caller has left', 'in_doubt', LEFT, {}],
    ['has failed when it only reads and the caller has left', 'error', LEFT, READING],
    ['stays as it is while its run goes on elsewhere', 'dispatched', LEFT, { claim: CLAIM, ...READING }],
    ['stays as it is when the caller can come back to it', 'dispatched', LEFT, { isKeyed: true, ...READING }],
  ])('%s', async (_, status, reason, parts) => {
    const { gate, any, echo, ledger } = await toolRoom();
    const controller = new AbortController();
    const act = () => {
      controller.abort(reason);
      return new Promise<never>(() => undefined);
    };
    any.act = act;
    echo.call = act;
    await expect(gate.invoke(invocation({ signal: controller.signal, ...parts }))).rejects.toBe(reason);
    expect(ledger.entries).toMatchObject([{ status, problem: status === 'dispatched' ? null : expect.anything() }]);
  });
});

const RISKY = [grant({ level: 'execute' })];
const yes = ({ argumentsHash }: ToolQuestion): Promise<ToolPermit> =>
  Promise.resolve({ approved: true, expired: false, by: 'p', argumentsHash });

/** The test tool, whose call is of high risk for what its arguments say. */
const risky = (parts: Partial<ToolInvocation> = {}) => invocation({ arguments: { input: 'x' }, ...parts });

async function riskyRoom() {
  const room = await toolRoom();
  const find = room.catalogue.find.bind(room.catalogue);
  room.catalogue.find = async (workspaceId, name) => {
    const tool = await find(workspaceId, name);
    return tool && { ...tool, risk: 'high' };
  };
  const called: unknown[] = [];
  room.any.act = (args, { idempotencyKey }) => {
    called.push([args, idempotencyKey]);
    return 'done';
  };
  return { ...room, called };
}

describe('the door', () => {
  it('lets nobody through whom no grant lets through, and keeps the refusal', async () => {
    const { gate, access, ledger, any } = await toolRoom();
    any.act = () => {
      throw new Error('It was called.');
    };
    access.grants = [];
    expect(await gate.invoke(invocation({}))).toMatchObject({
      status: 'denied',
      problem: { type: { slug: 'tool-denied' }, detail: expect.stringContaining('No grant') },
    });
    expect(ledger.entries).toMatchObject([{ status: 'denied' }]);
    expect(ledger.refused).toEqual(['tool-denied']);
  });

  it('lets nobody through who is no member any more', async () => {
    const { gate, access } = await toolRoom();
    access.role = undefined;
    expect(await gate.invoke(invocation({}))).toMatchObject({
      status: 'denied',
      problem: { type: { slug: 'tool-denied' } },
    });
  });

  it('lets nobody through to a tool that is switched off', async () => {
    const { gate, access } = await toolRoom();
    access.off.add('test_any');
    expect(await gate.invoke(invocation({}))).toMatchObject({
      status: 'denied',
      problem: { type: { slug: 'tool-disabled' } },
    });
  });

  it('asks for rights before it looks at arguments, and for arguments before it counts', async () => {
    const { gate, access, quotas } = await toolRoom();
    const faulty = invocation({ tool: 'test_echo', arguments: {} });
    expect(await gate.invoke(faulty)).toMatchObject({ problem: { type: { slug: 'tool-arguments-invalid' } } });
    access.grants = [grant({ level: 'none' })];
    expect(await gate.invoke(faulty)).toMatchObject({ problem: { type: { slug: 'tool-denied' } } });
    expect(quotas.taken).toBe(0);
  });

  it('counts a call, and calls nothing when the quota is used up', async () => {
    const { gate, quotas, ledger } = await toolRoom();
    await gate.invoke(invocation({ callId: 'n:1' }));
    expect(quotas.taken).toBe(1);
    quotas.usedUp = { window: 'hour', retryAfterSeconds: 7 };
    expect(await gate.invoke(invocation({ callId: 'n:2' }))).toMatchObject({
      status: 'denied',
      problem: { type: { slug: 'tool-quota-exceeded' }, headers: { 'Retry-After': '7' } },
    });
    expect(ledger.entries.map(({ status }) => status)).toEqual(['ok', 'denied']);
  });

  it('asks the budgets of whoever calls once the call is counted, and calls nothing when one is used up', async () => {
    const { gate, quotas, budgets, ledger, any } = await toolRoom();
    const called: unknown[] = [];
    any.act = (args) => called.push(args);
    await gate.invoke(invocation({ callId: 'n:1', workflow: 'plain' }));
    await gate.invoke(invocation({ callId: 'n:2' }));
    expect(budgets.asked.map(({ workflow }) => workflow)).toEqual(['plain', '']);
    budgets.usedUp = budgetExceeded('Nothing is left.', { headers: { 'Retry-After': '7' } });
    expect(await gate.invoke(invocation({ callId: 'n:3' }))).toMatchObject({
      status: 'denied',
      problem: { type: { slug: 'budget-exceeded' }, headers: { 'Retry-After': '7' } },
    });
    expect([called.length, quotas.taken, ledger.refused]).toEqual([2, 3, ['budget-exceeded']]);
  });

  it('offers the tools that may be called, and no others', async () => {
    const { gate, access } = await toolRoom();
    access.grants = [];
    expect((await gate.offered({ workspaceId: 'w', userId: 'u' })).map(({ name }) => name)).toEqual(['test_echo']);
  });
});

describe('a call of high risk', () => {
  it('is made once a person has approved it', async () => {
    const { gate, called, ledger } = await riskyRoom();
    const asked: ToolQuestion[] = [];
    const outcome = await gate.invoke(risky({ askPerson: (question) => (asked.push(question), yes(question)) }));
    expect(outcome).toMatchObject({ status: 'ok', result: 'done' });
    expect(asked).toMatchObject([{ tool: 'test_any', arguments: { input: 'x' }, risk: 'high', onExpire: 'deny' }]);
    expect(called).toHaveLength(1);
    expect(ledger.entries).toMatchObject([{ status: 'ok', dispatches: 1 }]);
  });

  it.each<[string, Partial<ToolPermit>, RegExp]>([
    ['denied', { reason: 'Not today' }, /denied the call.*Not today/],
    ['decided in time by nobody', { expired: true }, /Nobody approved/],
  ])('is not made when it is %s', async (_, permit, words) => {
    const { gate, called } = await riskyRoom();
    const askPerson = async () => ({ approved: false, expired: false, ...permit });
    expect(await gate.invoke(risky({ askPerson }))).toMatchObject({
      status: 'denied',
      problem: { type: { slug: 'tool-denied' }, detail: expect.stringMatching(words) },
    });
    expect(called).toEqual([]);
  });

  it('is made with the arguments as they were edited', async () => {
    const { gate, called, ledger } = await riskyRoom();
    const askPerson = async (question: ToolQuestion) => ({ ...(await yes(question)), arguments: { input: 'y' } });
    await gate.invoke(risky({ askPerson }));
    expect(called).toMatchObject([[{ input: 'y' }, expect.any(String)]]);
    expect(ledger.entries).toMatchObject([{ arguments: { input: 'y' } }]);
  });

  it('is not made when the edited arguments do not fit', async () => {
    const { gate, called } = await riskyRoom();
    const askPerson = async (question: ToolQuestion) => ({ ...(await yes(question)), arguments: { input: 1 } });
    expect(await gate.invoke(risky({ askPerson }))).toMatchObject({
      problem: { type: { slug: 'tool-arguments-invalid' } },
    });
    expect(called).toEqual([]);
  });

  it('is not made by an approval of other arguments', async () => {
    const { gate, called } = await riskyRoom();
    const askPerson = async (question: ToolQuestion) => ({
      ...(await yes(question)),
      argumentsHash: contentHash({ input: 'z' }),
    });
    expect(await gate.invoke(risky({ askPerson }))).toMatchObject({ status: 'denied' });
    expect(called).toEqual([]);
  });

  it.each<[string, (room: Awaited<ReturnType<typeof riskyRoom>>) => void]>([
    ['the grant was taken back', ({ access }) => (access.grants = [])],
    ['the user has left', ({ access }) => (access.role = undefined)],
    ['the tool was switched off', ({ access }) => access.off.add('test_any')],
    ['the tool has gone', ({ catalogue }) => (catalogue.find = async () => undefined)],
    ['a budget was used up', ({ budgets }) => (budgets.usedUp = budgetExceeded('Nothing is left.'))],
  ])('is not made when %s while a person was asked', async (_, change) => {
    const room = await riskyRoom();
    const askPerson = (question: ToolQuestion) => {
      change(room);
      return yes(question);
    };
    expect(await room.gate.invoke(risky({ askPerson }))).toMatchObject({ status: 'denied' });
    expect(room.called).toEqual([]);
  });

  it('is not made, and not counted, where nobody can be asked', async () => {
    const { gate, called, quotas, ledger } = await riskyRoom();
    expect(await gate.invoke(risky())).toMatchObject({
      status: 'awaiting_approval',
      problem: { type: { slug: 'tool-approval-needed' } },
    });
    expect([called, quotas.taken, ledger.entries]).toEqual([[], 0, []]);
  });

  it('needs nobody with a grant of level admin', async () => {
    const { gate, access } = await riskyRoom();
    access.grants = [grant({ level: 'admin' })];
    expect(await gate.invoke(risky())).toMatchObject({ status: 'ok' });
    access.grants = RISKY;
  });
});

describe('a call that was made before', () => {
  it.each<['ok' | 'error', () => unknown]>([
    ['ok', () => ({ n: 1 })],
    ['error', () => Promise.reject(toolFailed('Closed.'))],
  ])('and came to %s is answered as it was, and not made again', async (status, act) => {
    const { gate, any } = await toolRoom();
    let calls = 0;
    any.act = () => {
      calls += 1;
      return act();
    };
    const first = await gate.invoke(invocation({}));
    expect(first.status).toBe(status);
    const { durationMs: _, ...again } = await gate.invoke(invocation({}));
    expect(JSON.parse(JSON.stringify(again))).toMatchObject(
      status === 'ok' ? { status, result: { n: 1 } } : { status },
    );
    expect(calls).toBe(1);
  });

  it('with other arguments is not made, and not answered with what that came to', async () => {
    const { gate } = await toolRoom();
    await gate.invoke(invocation({}));
    expect(await gate.invoke(invocation({ arguments: { input: 'other' } }))).toMatchObject({
      status: 'error',
      problem: { type: { slug: 'tool-call-changed' } },
    });
  });

  it('and was cut is made again with the same key when the tool only reads', async () => {
    const { gate, echo, ledger } = await toolRoom();
    const reading = invocation({ tool: 'test_echo', arguments: { text: 'Hi' } });
    await gate.invoke(reading);
    ledger.entries[0]!.status = 'dispatched';
    expect(await gate.invoke(reading)).toMatchObject({ status: 'ok' });
    expect(new Set(echo.calls.map(({ context }) => context.idempotencyKey)).size).toBe(1);
    expect(echo.calls).toHaveLength(2);
  });

  describe('and was cut, of a tool that acts a second time', () => {
    async function cut() {
      const room = await toolRoom();
      let calls = 0;
      room.any.act = () => (calls += 1);
      await room.gate.invoke(invocation({}));
      room.ledger.entries[0]!.status = 'dispatched';
      return { ...room, calls: () => calls };
    }

    it('is in doubt where nobody can be asked', async () => {
      const { gate, calls, ledger } = await cut();
      for (let times = 0; times < 2; times++)
        expect(await gate.invoke(invocation({}))).toMatchObject({
          status: 'in_doubt',
          problem: { type: { slug: 'tool-in-doubt' } },
        });
      expect([calls(), ledger.entries[0]!.status]).toEqual([1, 'in_doubt']);
    });

    it('is made again, once, when a person says so', async () => {
      const { gate, calls } = await cut();
      const asked: ToolQuestion[] = [];
      const askPerson = (question: ToolQuestion) => (asked.push(question), yes(question));
      expect(await gate.invoke(invocation({ askPerson }))).toMatchObject({ status: 'ok', result: 2 });
      expect(await gate.invoke(invocation({ askPerson }))).toMatchObject({ status: 'ok', result: 2 });
      expect(asked).toMatchObject([{ key: 'n:1?1', detail: expect.stringContaining('may have taken effect') }]);
      expect(calls()).toBe(2);
    });

    it('stays in doubt when a person says no', async () => {
      const { gate, calls } = await cut();
      const askPerson = async () => ({ approved: false, expired: false });
      expect(await gate.invoke(invocation({ askPerson }))).toMatchObject({ status: 'in_doubt' });
      expect(calls()).toBe(1);
    });
  });
});
