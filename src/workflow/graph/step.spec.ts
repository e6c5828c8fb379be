import { jest } from '@jest/globals';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { eventually } from '../../../test/support/eventually.js';
import { FakeRunHost, graphExecution } from '../../../test/support/fake-run-host.js';
import {
  counted,
  definitionOf,
  executed,
  fakeFailure,
  fakeType,
  fakeTypes,
  Gates,
  type Drawing,
  type FakeContext,
} from '../../../test/support/graph-drawing.js';
import { Problem, problemType } from '../../platform/problem/problem.js';
import type { NodeResult } from '../node/node-type.js';
import { isTimeLimit, runCancelled } from '../workflow.errors.js';
import { buildGraph } from './compiled-graph.js';
import { BranchCancelled, type Reached } from './execution.js';

const unavailable = problemType({ slug: 'step-unavailable', status: 503, title: 'Away', explanation: 'In tests.' });
const tooMany = problemType({ slug: 'step-too-many', status: 429, title: 'Too many', explanation: 'In tests.' });

const RETRY = { maxAttempts: 4, backoffMs: 1, factor: 1, jitter: false };

const problemOf = async (work: Promise<unknown>): Promise<Problem> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Problem) return error;
  throw new Error(`Expected a problem, not ${String(error)}`);
};

/** Does one after the other of what it is given, the last again and again. */
const inTurn = (...acts: readonly ((context: FakeContext) => NodeResult | Promise<NodeResult>)[]) => {
  let calls = 0;
  const type = fakeType(async (context) => {
    calls += 1;
    return acts[Math.min(calls, acts.length) - 1]!(context);
  });
  return { type, calls: () => calls };
};
const fails = (problem: Error) => (): never => {
  throw problem;
};
const succeeds = (): NodeResult => ({ output: 'done' });

describe('a step', () => {
  let gates: Gates;
  let types: ReturnType<typeof fakeTypes>;

  beforeEach(() => {
    gates = new Gates();
    types = fakeTypes(gates);
  });

  describe('that is tried again', () => {
    it('succeeds with the first attempt that does, and tells of each that did not', async () => {
      const { type, calls } = inTurn(fails(unavailable('one')), fails(tooMany('two')), succeeds);
      const { outcome, host } = executed(
        { nodes: { a: ['x', {}, { retry: RETRY }] }, output: '{{nodes.a.output}}' },
        {},
        {
          x: type,
        },
      );
      expect((await outcome).output).toBe('done');
      expect(calls()).toBe(3);
      expect(host.told).toEqual(['nodeStart a', 'retry a', 'retry a', 'nodeEnd succeeded a']);
      expect(host.of('retry')).toMatchObject([
        { attempt: 2, delayMs: 1, problem: { detail: 'one' } },
        { attempt: 3, delayMs: 1, problem: { detail: 'two' } },
      ]);
    });

    it('fails with its last problem when its attempts are used up', async () => {
      const { type, calls } = inTurn(fails(unavailable('first')), fails(unavailable('later')));
      const { outcome } = executed({ nodes: { a: ['x', {}, { retry: RETRY }] } }, {}, { x: type });
      await expect(outcome).rejects.toMatchObject({ detail: 'later' });
      expect(calls()).toBe(4);
    });

    it.each([
      ['a failure that is its own', fakeFailure('own'), ['timeout', 'rateLimited', 'unavailable'] as const],
      ['a failure it is not to repeat for', tooMany('no'), ['timeout', 'unavailable'] as const],
      ['an error nobody foresaw', new Error('odd'), ['timeout', 'rateLimited', 'unavailable'] as const],
    ])('is not after %s', async (_, error, on) => {
      const { type, calls } = inTurn(fails(error));
      const retry = { ...RETRY, on: [...on] };
      const { outcome, host } = executed({ nodes: { a: ['x', {}, { retry }] } }, {}, { x: type });
      await expect(outcome).rejects.toBe(error);
      expect([calls(), host.of('retry').length]).toEqual([1, 0]);
    });

    it('has its whole time for each attempt', async () => {
      const { type, calls } = inTurn(({ signal }) => sleep(60_000, {}, { signal }), succeeds);
      const { outcome } = executed({ nodes: { a: ['x', {}, { retry: RETRY, timeoutMs: 40 }] } }, {}, { x: type });
      await outcome;
      expect(calls()).toBe(2);
    });

    it('pauses for the backoff, which ends with the run', async () => {
      const { type, calls } = inTurn(fails(unavailable('away')));
      const controller = new AbortController();
      const retry = { ...RETRY, backoffMs: 60_000 };
      const host = new FakeRunHost();
      const { outcome } = executed(
        { nodes: { a: ['x', {}, { retry }] } },
        { host, signal: controller.signal },
        {
          x: type,
        },
      );
      await eventually(() => host.of('retry').length === 1);
      const reason = runCancelled('No.');
      controller.abort(reason);
      await expect(outcome).rejects.toBe(reason);
      expect(calls()).toBe(1);
      expect(host.ended).toEqual({ a: 'failed' });
    });

    it('no longer hears an attempt that is over', async () => {
      let speak: FakeContext['emit'] = () => undefined;
      const { type } = inTurn(
        ({ emit }) => {
          speak = emit;
          throw unavailable('away');
        },
        async () => {
          speak({ type: 'note', code: 'late', detail: 'of the first attempt' });
          return {};
        },
      );
      const { outcome, host } = executed({ nodes: { a: ['x', {}, { retry: RETRY }] } }, {}, { x: type });
      await outcome;
      expect(host.of('node')).toEqual([]);
    });
  });

  describe('whose failure is contained', () => {
    const after = (onError: 'continue' | { readonly port: string }): Drawing => ({
      nodes: { a: ['fail', { detail: 'bad' }, { onError }], ok: ['act', { ok: 1 }], bad: ['act', { bad: 1 }] },
      edges: [
        ['a', 'ok'],
        ['a', 'bad', 'error'],
      ],
    });

    it('goes on by next with the problem as its output', async () => {
      const { outcome, host } = executed({ ...after('continue'), output: '{{nodes.a.output.problem.detail}}' });
      expect(await outcome).toMatchObject({ output: 'bad', variables: { ok: 1 } });
      expect(host.ended).toEqual({ a: 'failed', ok: 'succeeded' });
    });

    it('goes on by the port it names', async () => {
      const { outcome } = executed(after({ port: 'error' }));
      expect((await outcome).variables).toEqual({ bad: 1 });
    });

    it('is a failure in the configuration too', async () => {
      const strict = fakeType(async () => ({}), { config: z.strictObject({ n: z.number() }) });
      const drawing: Drawing = {
        nodes: { a: ['strict', { n: '{{input.message}}' }, { onError: 'continue' }], b: ['act', { b: 1 }] },
        edges: [['a', 'b']],
      };
      const { outcome, host } = executed(drawing, {}, { ...types, strict });
      expect((await outcome).variables).toEqual({ b: 1 });
      expect(host.of('nodeEnd')[0]).toMatchObject({
        status: 'failed',
        problem: { errors: [{ pointer: '/nodes/0/config/n' }] },
      });
    });

    it('keeps what it had to show', async () => {
      const partial = fakeType(({ shows }) => {
        shows(() => ({ done: 1 }));
        return Promise.reject(fakeFailure('half'));
      });
      const drawing: Drawing = { nodes: { a: ['partial', {}, { onError: 'continue' }] }, output: '{{nodes.a.output}}' };
      const { outcome } = executed(drawing, {}, { partial });
      expect((await outcome).output).toMatchObject({ output: { done: 1 }, problem: { detail: 'half' } });
    });

    it('still ends with the run', async () => {
      const controller = new AbortController();
      const drawing: Drawing = { nodes: { a: ['gate', {}, { onError: 'continue' }], b: ['act'] }, edges: [['a', 'b']] };
      const host = new FakeRunHost();
      const { outcome } = executed(drawing, { host, signal: controller.signal }, types);
      await eventually(() => gates.reached.length === 1);
      controller.abort(new Error('cancelled'));
      await expect(outcome).rejects.toThrow('cancelled');
      expect(host.begun).toEqual(['a']);
    });
  });

  describe('has a time', () => {
    it('of its own on the wall, whatever it waits for', async () => {
      const waiting = fakeType(async ({ waits }) => (await waits.until(new Date(Date.now() + 60_000)), {}), {
        waits: true,
      });
      const { outcome } = executed({ nodes: { a: ['waiting', {}, { timeoutMs: 50 }] } }, {}, { waiting });
      const problem = await problemOf(outcome);
      expect(isTimeLimit(problem)).toBe(true);
      expect(problem.extensions).toEqual({ limit: 'nodeTimeoutMs', value: 50 });
      expect(problem.detail).toContain('longer than 50 ms');
    });

    it('that began with its first attempt, in whichever process', async () => {
      const host = new FakeRunHost();
      const drawing: Drawing = { nodes: { a: ['waiting', {}, { timeoutMs: 3_600_000 }] } };
      const waiting = fakeType(async ({ waits }) => (await waits.until(new Date(Date.now() + 60_000)), {}), {
        waits: true,
      });
      const controller = new AbortController();
      const first = executed(drawing, { host, signal: controller.signal }, { waiting });
      await eventually(() => host.begun.length === 1);
      controller.abort(new Error('the process died'));
      await first.outcome.catch(() => undefined);
      const old = host.log.map((event) => ({ ...event, data: event.data.replace(/"at":"\d{4}/, '"at":"2001') }));
      const next = new FakeRunHost(old.slice(0, 1));
      const problem = await problemOf(executed(drawing, { host: next }, { waiting }).outcome);
      expect(problem.extensions).toEqual({ limit: 'nodeTimeoutMs', value: 3_600_000 });
    });

    it('that is over for all attempts of a node that waits, whatever the clock on the wall says by then', async () => {
      const calls: number[] = [];
      const waiting = fakeType(
        async ({ signal }) => {
          calls.push(1);
          await sleep(60_000, undefined, { signal });
          return {};
        },
        { waits: true },
      );
      const stopped = jest.spyOn(Date, 'now').mockReturnValue(Date.now());
      try {
        const { outcome } = executed(
          { nodes: { a: ['waiting', {}, { timeoutMs: 50, retry: RETRY }] } },
          {},
          { waiting },
        );
        expect(isTimeLimit(await problemOf(outcome))).toBe(true);
      } finally {
        stopped.mockRestore();
      }
      expect(calls).toHaveLength(1);
    });

    it('that is over for a node that waits while it pauses before its next attempt', async () => {
      const { type, calls } = inTurn(fails(unavailable('away')));
      const waiting = { ...type, waits: true };
      const retry = { ...RETRY, backoffMs: 60_000 };
      const { outcome } = executed({ nodes: { a: ['waiting', {}, { timeoutMs: 50, retry }] } }, {}, { waiting });
      expect((await problemOf(outcome)).extensions).toEqual({ limit: 'nodeTimeoutMs', value: 50 });
      expect(calls()).toBe(1);
    }, 20_000);

    it('that is not the default one when it waits', async () => {
      const waiting = fakeType(async ({ waits }) => (await waits.until(new Date(Date.now() + 150)), {}), {
        waits: true,
      });
      const { outcome } = executed({ nodes: { a: ['waiting'] } }, { nodeTimeoutMs: 30 }, { waiting });
      await expect(outcome).resolves.toBeDefined();
    });

    it('by default that stands still while it waits for a person', async () => {
      const asking = fakeType(async ({ waits }) => {
        const { approved } = await waits.approval('k', {
          kind: 'tool',
          title: 'May I?',
          expiresInMs: 1,
          onExpire: 'deny',
        });
        return { variables: { approved } };
      });
      const host = new FakeRunHost();
      const { outcome } = executed({ nodes: { a: ['asking'] } }, { host, nodeTimeoutMs: 100 }, { asking });
      await eventually(() => host.asked.length === 1);
      await sleep(250);
      host.asked[0]?.answer({});
      expect((await outcome).variables).toEqual({ approved: true });
    });

    it('by default that goes on once it no longer waits for a person', async () => {
      const asking = fakeType(async ({ waits, signal }) => {
        await waits.approval('k', { kind: 'tool', title: 'May I?', expiresInMs: 1, onExpire: 'deny' });
        await sleep(60_000, undefined, { signal });
        return {};
      });
      const host = new FakeRunHost();
      const { outcome } = executed({ nodes: { a: ['asking'] } }, { host, nodeTimeoutMs: 100 }, { asking });
      await eventually(() => host.asked.length === 1);
      host.asked[0]?.answer({});
      expect((await problemOf(outcome)).extensions).toEqual({ limit: 'nodeTimeoutMs', value: 100 });
    });
  });

  it('is at work until all it does at once waits', async () => {
    const works = Promise.withResolvers<void>();
    const asking = fakeType(async ({ waits }) => {
      const answers = await waits.forEach(['ask', 'work', 'ask'], 3, async (item) =>
        item === 'work'
          ? works.promise.then(() => 'worked')
          : (await waits.approval('k', { kind: 'tool', title: 'May I?', expiresInMs: 1, onExpire: 'deny' })).approved,
      );
      return { variables: { answers } };
    });
    const host = new FakeRunHost();
    const { outcome } = executed({ nodes: { a: ['asking'] } }, { host }, { asking });
    await eventually(() => host.asked.length === 2);
    const before = host.work;
    works.resolve();
    await turn();
    expect([before, host.work]).toEqual([1, 0]);
    for (const { answer } of host.asked) answer({});
    expect((await outcome).variables).toEqual({ answers: [true, 'worked', true] });
    expect([host.work, host.leastWork]).toEqual([0, 0]);
  });

  it('is at work while it pauses before its next attempt, also when it is of a type that waits', async () => {
    const waiting = { ...inTurn(fails(unavailable('away'))).type, waits: true };
    const [host, controller] = [new FakeRunHost(), new AbortController()];
    const retry = { ...RETRY, backoffMs: 60_000 };
    const drawing = { nodes: { a: ['waiting', {}, { retry }] } } satisfies Drawing;
    const { outcome } = executed(drawing, { host, signal: controller.signal }, { waiting });
    await eventually(() => host.of('retry').length === 1);
    const pausing = host.work;
    controller.abort(runCancelled('No.'));
    await expect(outcome).rejects.toThrow('No.');
    expect([pausing, host.work, host.leastWork]).toEqual([1, 0, 0]);
  });

  it('tells the end of what it runs before its own when its time is up', async () => {
    const order: string[] = [];
    const slow = fakeType(
      async ({ signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        await turn();
        order.push('inside');
        return {};
      },
      { waits: true },
    );
    const { outcome, host } = executed({ nodes: { a: ['slow', {}, { timeoutMs: 30 }] } }, {}, { slow });
    await outcome.catch(() => order.push(...Object.keys(host.ended)));
    expect(order).toEqual(['inside', 'a']);
  });

  describe('that an earlier attempt of the run has ended', () => {
    const LINE: Drawing = {
      nodes: {
        a: ['act', { a: 1 }],
        b: ['fail', { detail: 'bad' }, { onError: { port: 'error' } }],
        c: ['act', { c: '{{nodes.b.output.problem.detail}} {{a}}' }],
        d: ['say'],
        e: ['end', { output: '{{c}} {{n}}' }],
      },
      edges: [
        ['a', 'b'],
        ['b', 'c', 'error'],
        ['c', 'd'],
        ['d', 'e'],
      ],
    };
    const say = fakeType(async ({ messages }) => ({
      messages: [...messages, { role: 'assistant', content: 'Hi' }],
      variables: { n: messages.length },
      finishReason: 'stop',
    }));

    it('is not executed again and leaves the same behind, wherever the log was cut', async () => {
      const all = { ...types, say };
      const { host, outcome } = executed(LINE, {}, all);
      const whole = await outcome;
      expect(whole).toMatchObject({ output: 'bad 1 1', finishReason: 'stop' });
      for (let count = 0; count <= host.log.length; count += 1) {
        const next = host.resumed(count);
        const told = next.log.map(({ data }) => JSON.parse(data) as { type: string; nodeId: string });
        const ended = new Set(told.filter(({ type }) => type === 'node_end').map(({ nodeId }) => nodeId));
        const counting = counted(all);
        const again = await executed(LINE, { host: next }, counting.types).outcome;
        expect(again).toEqual(whole);
        expect(Object.keys(counting.runs)).toEqual(
          ['a', 'b', 'c', 'd', 'e'].filter((id) => id === 'e' || !ended.has(id)),
        );
      }
    });

    it('is repeated when it is pure: that is cheaper than to remember it', async () => {
      const drawing: Drawing = { nodes: { a: ['set', { a: 1 }] } };
      const { host, outcome } = executed(drawing, {}, types);
      await outcome;
      const counting = counted(types);
      await executed(drawing, { host: host.resumed() }, counting.types).outcome;
      expect(counting.runs).toEqual({ a: 1 });
    });

    it('fails again with the same problem', async () => {
      const drawing: Drawing = { nodes: { a: ['x'] } };
      const { type, calls } = inTurn(fails(tooMany('for now', { headers: { 'Retry-After': '7' } })), succeeds);
      const { host, outcome } = executed(drawing, {}, { x: type });
      await outcome.catch(() => undefined);
      const problem = await problemOf(executed(drawing, { host: host.resumed() }, { x: type }).outcome);
      expect(problem).toMatchObject({
        type: { slug: 'step-too-many' },
        detail: 'for now',
        headers: { 'Retry-After': '7' },
      });
      expect(calls()).toBe(1);
    });

    it('is cancelled again when it was', async () => {
      const host = new FakeRunHost();
      const controller = new AbortController();
      const drawing: Drawing = { nodes: { a: ['gate'] } };
      const { outcome } = executed(drawing, { host, signal: controller.signal }, types);
      await eventually(() => gates.reached.length === 1);
      controller.abort(new BranchCancelled());
      await outcome.catch(() => undefined);
      await expect(executed(drawing, { host: host.resumed() }, types).outcome).rejects.toBeInstanceOf(BranchCancelled);
      expect(gates.reached).toHaveLength(1);
    });

    it('begins when it began first, where it had not ended', async () => {
      const seen: Date[] = [];
      const timed = fakeType(async ({ startedAt }) => {
        seen.push(startedAt);
        return {};
      });
      const drawing: Drawing = { nodes: { a: ['timed'] } };
      const { host, outcome } = executed(drawing, {}, { timed });
      await outcome;
      await sleep(20);
      await executed(drawing, { host: host.resumed(1) }, { timed }).outcome;
      const { at } = JSON.parse(host.log[0]!.data) as { at: string };
      expect(seen[1]).toEqual(new Date(at));
    });
  });

  it('that stands for the whole definition is not seen, and has no name in paths', async () => {
    const paths: (readonly string[])[] = [];
    const whole = fakeType(async ({ path, emit, decided }) => {
      paths.push(path);
      emit({ type: 'note', code: 'n', detail: 'd' });
      decided({ branch: 'b', explanation: [] });
      return { output: 'o' };
    });
    const definition = definitionOf({ nodes: { whole: ['whole'] }, output: '{{nodes.whole.output}}' });
    const graph = buildGraph({ definition, types: new Map([['whole', whole]]), hidden: true });
    const host = new FakeRunHost();
    expect((await graph.run(graphExecution(host, { path: ['up'] }))).output).toBe('o');
    expect(host.told).toEqual(['node up', 'decision up']);
    expect(paths).toEqual([['up']]);
  });

  it.each([true, false])(
    'shows for the whole definition what it has to show where it stands for it (%p)',
    async (hidden) => {
      const error = fakeFailure('half');
      const whole = fakeType(({ shows }) => {
        shows(() => 'half');
        return Promise.reject(error);
      });
      const definition = definitionOf({ nodes: { whole: ['whole'] } });
      const graph = buildGraph({ definition, types: new Map([['whole', whole]]), hidden });
      const reached: Reached = { variables: {} };
      await expect(graph.run(graphExecution(new FakeRunHost(), { reached }))).rejects.toBe(error);
      expect(reached.output?.()).toBe(hidden ? 'half' : undefined);
    },
  );

  it('leaves its variables to whoever asks what the graph has come to', async () => {
    const failing = fakeType(() => Promise.reject(fakeFailure('half')));
    const nodes = { a: ['act', { a: 1 }], b: ['act', { b: 2 }], c: ['failing'] } as const;
    const reached: Reached = { variables: {} };
    const drawing: Drawing = {
      nodes,
      edges: [
        ['a', 'b'],
        ['b', 'c'],
      ],
    };
    const { outcome } = executed(drawing, { reached }, { ...types, failing });
    await expect(outcome).rejects.toThrow('half');
    expect(reached).toEqual({ variables: { a: 1, b: 2 } });
  });

  it.each([
    [
      'by its own edge',
      [
        ['a', 'out', 'spent'],
        ['a', 'b'],
      ],
      { out: 1 },
    ],
    ['by next when it has none', [['a', 'b']], { b: 1 }],
  ] as const)('leaves an optional port %s', async (_, edges, variables) => {
    const spending = fakeType(async () => ({ port: 'spent' }), { ports: ['next', 'spent'], optionalPorts: ['spent'] });
    const nodes = { a: ['spending'], b: ['act', { b: 1 }], out: ['act', { out: 1 }] } as const;
    const first = { s: ['go', { port: 'left' }] } as const;
    const { outcome } = executed(
      {
        nodes: { ...first, ...nodes },
        edges: [['s', 'a', 'left'], ['s', 'out', 'right'], ['s', 'b', 'right'], ...edges],
      },
      {},
      { ...types, spending },
    );
    expect((await outcome).variables).toEqual(variables);
  });

  it('asks to be admitted before it begins, and says whether it has effects', async () => {
    const host = new FakeRunHost();
    const gate = Promise.withResolvers<void>();
    host.gate = gate.promise;
    const { outcome } = executed({ nodes: { a: ['set'], b: ['act'] }, edges: [['a', 'b']] }, { host }, types);
    await turn();
    expect([host.admitted, host.begun]).toEqual([[false], []]);
    gate.resolve();
    await outcome;
    expect(host.admitted).toEqual([false, true]);
  });

  it('keeps with its end what a later attempt and a reader need', async () => {
    const { host, outcome } = executed({ nodes: { a: ['act', { n: '{{input.n}}' }] } }, {}, types);
    await outcome;
    expect(host.of('nodeEnd')).toMatchObject([
      { input: { n: 3 }, output: { n: 3 }, result: { status: 'succeeded', output: { n: 3 }, variables: { n: 3 } } },
    ]);
  });
});
