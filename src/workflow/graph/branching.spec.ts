import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { eventually } from '../../../test/support/eventually.js';
import { FakeRunHost, graphExecution } from '../../../test/support/fake-run-host.js';
import {
  counted,
  definitionOf,
  drawn,
  executed,
  fakeType,
  fakeTypes,
  Gates,
  type Drawing,
} from '../../../test/support/graph-drawing.js';
import { buildGraph } from './compiled-graph.js';
import { BranchCancelled } from './execution.js';

const edges = (...lines: readonly string[]): [string, string, string?][] =>
  lines.map((line) => {
    const [, from, port, to] = /^(\w+) (?:-(\w+))?> (\w+)$/.exec(line)!;
    return [from!, to!, port];
  });

/** Turns enough for all that goes on by itself. */
const settled = async (): Promise<void> => {
  for (let left = 20; left > 0; left -= 1) await turn();
};

describe('branches', () => {
  let gates: Gates;
  let types: ReturnType<typeof fakeTypes>;

  beforeEach(() => {
    gates = new Gates();
    types = fakeTypes(gates);
  });

  const run = (drawing: Drawing, host = new FakeRunHost()) => executed(drawing, { host }, types);

  it('go on at their own pace: the end of a short one does not wait for the step beside it', async () => {
    const { outcome, host } = run({
      nodes: { s: ['set'], slow: ['gate'], a: ['act'], b: ['act'], c: ['act'], j: ['join'] },
      edges: edges('s > slow', 's > a', 'a > b', 'b > c', 'c > j', 'slow > j'),
    });
    await eventually(() => host.ended.c);
    expect(host.ended).toEqual({ s: 'succeeded', a: 'succeeded', b: 'succeeded', c: 'succeeded' });
    gates.open('slow');
    await outcome;
    expect(host.begun.at(-1)).toBe('j');
  });

  describe('that meet in a join', () => {
    const threeInto = (wait: number | undefined, takes = false): Drawing => ({
      nodes: {
        s: ['set'],
        a: ['gate', { set: { a: 1 } }],
        b: ['gate', { set: { b: 2 } }],
        c: ['gate', { set: { c: 3 } }],
        j: ['join', { ...(wait !== undefined && { wait }), takes }],
        after: ['act', { after: true }],
      },
      edges: edges('s > a', 's > b', 's > c', 'a > j', 'b > j', 'c > j', 'j > after'),
    });

    it('of all wait for one another', async () => {
      const { outcome, host } = run(threeInto(undefined));
      for (const name of ['b', 'c']) gates.open(name);
      await settled();
      expect(host.begun).not.toContain('j');
      gates.open('a');
      expect((await outcome).variables).toEqual({
        a: 1,
        b: 2,
        c: 3,
        after: true,
        branches: {
          a: { status: 'succeeded', output: { a: 1 } },
          b: { status: 'succeeded', output: { b: 2 } },
          c: { status: 'succeeded', output: { c: 3 } },
        },
      });
    });

    it('of any end at once with the first, and the others are cancelled however long they would stall', async () => {
      const { outcome, host } = run(threeInto(1));
      gates.open('b');
      expect((await outcome).variables).toEqual({
        b: 2,
        after: true,
        branches: {
          a: { status: 'cancelled' },
          b: { status: 'succeeded', output: { b: 2 } },
          c: { status: 'cancelled' },
        },
      });
      expect(host.ended).toMatchObject({ a: 'cancelled', c: 'cancelled', j: 'succeeded' });
    });

    it('of some wait for so many', async () => {
      const { outcome, host } = run(threeInto(2));
      gates.open('c');
      await settled();
      expect(host.begun).not.toContain('j');
      gates.open('a');
      const { variables } = await outcome;
      expect(variables).toMatchObject({ a: 1, c: 3 });
      expect(variables).not.toHaveProperty('b');
      expect(host.ended.b).toBe('cancelled');
    });

    it('of more than there are wait for those there are', async () => {
      const { outcome } = run(threeInto(7));
      for (const name of ['a', 'b', 'c']) gates.open(name);
      expect((await outcome).variables).toMatchObject({ a: 1, b: 2, c: 3, after: true });
    });

    it('fail with the first that fails, and the others are stopped', async () => {
      const { outcome, host } = run(threeInto(undefined));
      await eventually(() => gates.reached.length === 3);
      gates.break('b');
      await expect(outcome).rejects.toThrow('b is broken.');
      expect(host.ended).toEqual({ s: 'succeeded', a: 'cancelled', b: 'failed', c: 'cancelled' });
    });

    it('go on past a failure where the join takes it', async () => {
      const { outcome, host } = run(threeInto(undefined, true));
      gates.break('b');
      for (const name of ['a', 'c']) gates.open(name);
      const { variables } = await outcome;
      expect(variables.branches).toMatchObject({
        a: { status: 'succeeded' },
        b: { status: 'failed', problem: { type: '/problems/fake-failure', detail: 'b is broken.' } },
        c: { status: 'succeeded' },
      });
      expect(host.ended.b).toBe('failed');
    });

    it('do not count a failure as an arrival where any is enough', async () => {
      const { outcome, host } = run(threeInto(1, true));
      gates.break('b');
      await eventually(() => host.ended.b);
      await settled();
      expect(host.begun).not.toContain('j');
      gates.open('c');
      expect((await outcome).variables.branches).toMatchObject({
        a: { status: 'cancelled' },
        b: { status: 'failed' },
        c: { status: 'succeeded' },
      });
    });

    it('are all results when all of them fail and the join takes that', async () => {
      const { outcome } = run(threeInto(1, true));
      for (const name of ['a', 'b', 'c']) gates.break(name);
      const { variables } = await outcome;
      expect(Object.values(variables.branches as object).map(({ status }) => status)).toEqual([
        'failed',
        'failed',
        'failed',
      ]);
      expect(variables.after).toBe(true);
    });
  });

  it('wait in the join only for those that were begun', async () => {
    const { outcome } = run({
      nodes: {
        s: ['set'],
        go: ['go', { port: 'right' }],
        l: ['act', { l: 1 }],
        r: ['act', { r: 1 }],
        b: ['act'],
        j: ['join'],
      },
      edges: edges('s > go', 's > b', 'go -left> l', 'go -right> r', 'l > j', 'r > j', 'b > j'),
      output: '{{branches}}',
    });
    expect(Object.keys((await outcome).output as object).toSorted()).toEqual(['b', 'r']);
  });

  it('that lead nowhere let the others go on', async () => {
    const { outcome, host } = run({
      nodes: {
        s: ['set'],
        go: ['go', { port: 'left' }],
        r: ['act', { r: 1 }],
        b: ['act', { b: 1 }],
        m: ['act', { m: 1 }],
      },
      edges: edges('s > go', 's > b', 'go -right> r', 'r > m', 'b > m'),
    });
    expect((await outcome).variables).toEqual({ b: 1, m: 1 });
    expect(host.begun).not.toContain('r');
  });

  it('that all lead nowhere keep what they made', async () => {
    const { outcome, host } = run({
      nodes: {
        s: ['set'],
        a: ['act', { a: 1 }],
        b: ['act', { b: 2 }],
        ga: ['go', { port: 'right' }],
        gb: ['go', { port: 'right' }],
        m: ['act', { m: 1 }],
        after: ['act'],
      },
      edges: edges('s > a', 's > b', 'a > ga', 'b > gb', 'ga -left> m', 'gb -left> m', 'm > after'),
      output: { a: '{{a}}', b: '{{nodes.b.output.b}}', m: '{{m}}' },
    });
    expect((await outcome).output).toEqual({ a: 1, b: 2, m: null });
    expect(host.begun).not.toContain('after');
  });

  it('end on their own where nothing joins them', async () => {
    const { outcome } = run({
      nodes: {
        s: ['set'],
        a: ['act', { a: 1 }],
        b: ['act', { b: 2 }],
        enda: ['end'],
        endb: ['end', { output: { said: '{{b}}' } }],
        c: ['act', { c: 3 }],
      },
      edges: edges('s > a', 's > b', 's > c', 'a > enda', 'b > endb'),
    });
    expect(await outcome).toMatchObject({ output: { said: 2 }, variables: { a: 1, b: 2, c: 3 } });
  });

  it('take the output of the last end in the order of the definition, whichever was first in time', async () => {
    const { outcome } = run({
      nodes: { s: ['set'], a: ['gate'], b: ['act'], enda: ['end', { output: 'a' }], endb: ['end', { output: 'b' }] },
      edges: edges('s > a', 's > b', 'a > enda', 'b > endb'),
    });
    await eventually(() => gates.reached.length > 0);
    await settled();
    gates.open('a');
    expect((await outcome).output).toBe('b');
  });

  it('never put back what another changed', async () => {
    const { outcome } = run({
      nodes: {
        s: ['act', { x: 'old', y: 'old', z: 'old' }],
        a: ['act', { x: 'a' }],
        b: ['act', { y: 'b' }],
        c: ['gate', { set: { z: 'c' } }],
        c2: ['act', { more: '{{x}}{{y}}{{z}}' }],
        m: ['act', { seen: '{{x}} {{y}} {{z}}' }],
      },
      edges: edges('s > a', 's > b', 's > c', 'c > c2', 'a > m', 'b > m', 'c2 > m'),
    });
    gates.open('c');
    expect((await outcome).variables).toEqual({
      x: 'a',
      y: 'b',
      z: 'c',
      more: 'oldoldc',
      seen: 'a b c',
    });
  });

  it('see nothing of one another before they meet', async () => {
    const { outcome } = run({
      nodes: {
        s: ['set', { x: 'old' }],
        a: ['act', { x: 'new' }],
        b: ['gate'],
        b2: ['act', { seen: '{{x}}', output: '{{nodes.a.output.x}}' }],
        m: ['join'],
      },
      edges: edges('s > a', 's > b', 'b > b2', 'a > m', 'b2 > m'),
    });
    await settled();
    gates.open('b');
    expect((await outcome).variables).toMatchObject({ x: 'new', seen: 'old', output: null });
  });

  it('may part again inside of branches', async () => {
    const { outcome, host } = run({
      nodes: {
        s: ['set'],
        a: ['act', { a: 1 }],
        a1: ['gate', { set: { a1: 1 } }],
        a2: ['gate', { set: { a2: 1 } }],
        ja: ['join', { wait: 1 }],
        b: ['gate', { set: { b: 1 } }],
        j: ['join'],
      },
      edges: edges('s > a', 's > b', 'a > a1', 'a > a2', 'a1 > ja', 'a2 > ja', 'ja > j', 'b > j'),
    });
    gates.open('a2');
    await eventually(() => host.ended.ja);
    expect(host.ended).not.toHaveProperty('b');
    gates.open('b');
    expect((await outcome).variables).toMatchObject({
      a: 1,
      a2: 1,
      b: 1,
      branches: { ja: { status: 'succeeded' }, b: { status: 'succeeded' } },
    });
    expect(host.ended.a1).toBe('cancelled');
  });

  it('are not cancelled by a join that had enough where something else waits for them', async () => {
    const { outcome, host } = run({
      nodes: { s: ['set'], a: ['gate'], b: ['gate'], j: ['join', { wait: 1 }], other: ['act', { other: 1 }] },
      edges: edges('s > a', 's > b', 'a > j', 'b > j', 'b > other'),
    });
    gates.open('a');
    await eventually(() => host.ended.j);
    gates.open('b');
    expect((await outcome).variables).toMatchObject({ other: 1 });
    expect(host.ended).toMatchObject({ b: 'succeeded', other: 'succeeded' });
  });

  it('that meet without a join fail together even when a join further on takes the failure', async () => {
    const { outcome, host } = run({
      nodes: {
        s: ['set'],
        a: ['gate'],
        b: ['gate'],
        m: ['act', { m: 1 }],
        c: ['act', { c: 1 }],
        j: ['join', { takes: true }],
      },
      edges: edges('s > a', 's > b', 's > c', 'a > m', 'b > m', 'm > j', 'c > j'),
    });
    await eventually(() => gates.reached.length === 2);
    gates.break('a');
    expect((await outcome).variables.branches).toMatchObject({ m: { status: 'failed' }, c: { status: 'succeeded' } });
    expect(host.begun).not.toContain('m');
    expect(host.ended.b).toBe('cancelled');
  });

  it('decide quickly whether a failure is taken, however often ways part and meet on the way', async () => {
    const stages = Array.from({ length: 32 }, (_, index) => index);
    const ladder = stages.flatMap((n) => [`m${n} > a${n}`, `m${n} > b${n}`, `a${n} > m${n + 1}`, `b${n} > m${n + 1}`]);
    const ids = ['m0', ...stages.flatMap((n) => [`a${n}`, `b${n}`, `m${n + 1}`])].filter((id) => id !== 'm32');
    const { outcome } = run({
      nodes: {
        s: ['set'],
        ...Object.fromEntries(ids.map((id) => [id, [id === 'm0' ? 'fail' : 'act'] as const])),
        c: ['act', { c: 1 }],
        m32: ['join', { takes: true }],
      },
      edges: edges('s > m0', 's > c', 'c > m32', ...ladder),
    });
    expect((await outcome).variables).toMatchObject({ c: 1 });
  });

  it('that are stopped from outside end so, and never as if they had come to an end', async () => {
    const controller = new AbortController();
    const host = new FakeRunHost();
    const drawing: Drawing = { nodes: { a: ['gate'], b: ['gate'] } };
    const outcome = drawn(drawing, types).run(graphExecution(host, { signal: controller.signal }));
    await eventually(() => gates.reached.length === 2);
    const reason = new BranchCancelled('Nobody waits.');
    controller.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    expect(host.ended).toEqual({ a: 'cancelled', b: 'cancelled' });
  });

  it('count what goes on, so that a run is put aside only when nothing does', async () => {
    const { outcome, host } = run({
      nodes: { s: ['set'], a: ['gate'], b: ['gate'], j: ['join'] },
      edges: edges('s > a', 's > b', 'a > j', 'b > j'),
    });
    await eventually(() => gates.reached.length === 2);
    expect(host.work).toBe(2);
    gates.open('a');
    await eventually(() => host.ended.a);
    await settled();
    expect(host.work).toBe(1);
    gates.open('b');
    await outcome;
    expect([host.work, host.leastWork]).toEqual([0, 0]);
  });

  describe('taken up again', () => {
    const RACE: Drawing = {
      nodes: {
        s: ['set'],
        a: ['set', { a: 1 }],
        a2: ['act', { a2: '{{a}}' }],
        b: ['gate', { set: { b: 1 } }],
        j: ['join', { wait: 1 }],
        after: ['gate', { set: { after: true } }],
      },
      edges: edges('s > a', 's > b', 'a > a2', 'a2 > j', 'b > j', 'j > after'),
    };

    it('do not begin again those that the join went on without', async () => {
      const first = run(RACE);
      first.outcome.catch(() => undefined);
      await eventually(() => gates.reached.includes('after'));
      const { types: counting, runs } = counted(types);
      const { outcome, host } = executed(RACE, { host: first.host.resumed() }, counting);
      gates.open('after');
      expect((await outcome).variables).toMatchObject({ a: 1, a2: 1, after: true });
      expect(host.begun).not.toContain('b');
      expect(runs).toEqual({ s: 1, a: 1, after: 1 });
    });

    it('go on, all of them, when the database was away for one', async () => {
      const drawing: Drawing = {
        nodes: { s: ['set'], a: ['gate', { set: { a: 1 } }], b: ['gate', { set: { b: 2 } }], j: ['join'] },
        edges: edges('s > a', 's > b', 'a > j', 'b > j'),
      };
      const first = run(drawing);
      await eventually(() => gates.reached.length === 2);
      const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
      gates.break('a', away);
      await expect(first.outcome).rejects.toBe(away);
      expect(first.host.ended).toEqual({ s: 'succeeded' });
      const again = new Gates();
      for (const name of ['a', 'b']) again.open(name);
      const { outcome } = executed(drawing, { host: first.host.resumed() }, fakeTypes(again));
      expect((await outcome).variables).toMatchObject({ a: 1, b: 2 });
    });

    it('have the same result, wherever the log was cut', async () => {
      const first = run(RACE);
      gates.open('after');
      const { variables } = await first.outcome;
      for (let count = 0; count <= first.host.log.length; count += 1) {
        const { outcome } = executed(RACE, { host: first.host.resumed(count) }, types);
        expect((await outcome).variables).toEqual(variables);
      }
    });
  });

  describe('of any shape', () => {
    /** Graphs that run forward: node n leads to later nodes only. */
    const shapes = fc.record({
      size: fc.integer({ min: 2, max: 9 }),
      links: fc.array(fc.tuple(fc.nat(8), fc.nat(8), fc.constantFrom('left', 'right')), { maxLength: 16 }),
      kinds: fc.array(fc.record({ turns: fc.nat(3), way: fc.constantFrom('left', 'right') }), {
        minLength: 9,
        maxLength: 9,
      }),
    });
    type Shape = (typeof shapes)['generate'] extends (...args: never[]) => { value: infer Value } ? Value : never;

    const walk = fakeType(
      async ({ path, config, scope, branches, signal }) => {
        const nodeId = String(path.at(-1));
        for (let left = Number(config.turns); left > 0; left -= 1) await turn(undefined, { signal });
        const seen = Object.keys(scope.variables).toSorted().join();
        return {
          output: { seen, from: Object.keys(branches).toSorted() },
          variables: { [nodeId]: seen, last: nodeId },
          port: String(config.way),
        };
      },
      { ports: ['left', 'right'] },
    );

    const graphOf = ({ size, links, kinds }: Shape, turnsOf: (index: number) => number) => {
      const forward = links.filter(([from, to]) => from < to && to < size);
      const unique = new Map(forward.map(([from, to, port]) => [`${from} ${to} ${port}`, [from, to, port] as const]));
      const definition = definitionOf({
        nodes: Object.fromEntries(
          Array.from({ length: size }, (_, index) => [
            `n${index}`,
            ['walk', { turns: turnsOf(index), way: kinds[index]!.way }] as const,
          ]),
        ),
        edges: [...unique.values()].map(([from, to, port]) => [`n${from}`, `n${to}`, port] as const),
      });
      return buildGraph({ definition, types: new Map(definition.nodes.map(({ id }) => [id, walk])) });
    };

    it('have one result, whichever is faster', async () => {
      await fc.assert(
        fc.asyncProperty(shapes, fc.array(fc.nat(4), { minLength: 9, maxLength: 9 }), async (shape, paces) => {
          const [one, other] = [new FakeRunHost(), new FakeRunHost()];
          const first = await graphOf(shape, () => 0).run(graphExecution(one));
          const second = await graphOf(shape, (index) => paces[index]!).run(graphExecution(other));
          expect(second).toEqual(first);
          expect(other.begun.toSorted()).toEqual(one.begun.toSorted());
          expect([one.work, other.work]).toEqual([0, 0]);
        }),
        { numRuns: 150 },
      );
    });

    it('begin exactly the nodes that taken edges lead to, each once', async () => {
      await fc.assert(
        fc.asyncProperty(shapes, async (shape) => {
          const host = new FakeRunHost();
          await graphOf(shape, (index) => shape.kinds[index]!.turns).run(graphExecution(host));
          const { size, links, kinds } = shape;
          const forward = links.filter(([from, to]) => from < to && to < size);
          const begun = new Set<number>();
          for (let index = 0; index < size; index += 1) {
            const into = forward.filter(([, to]) => to === index);
            if (into.length === 0 || into.some(([from, , port]) => begun.has(from) && kinds[from]!.way === port))
              begun.add(index);
          }
          expect(host.begun.toSorted()).toEqual([...begun].map((index) => `n${index}`).toSorted());
        }),
        { numRuns: 150 },
      );
    });

    it('go on from any place of their log to the same result, and no step that has ended is executed twice', async () => {
      await fc.assert(
        fc.asyncProperty(shapes, fc.nat(100), async (shape, place) => {
          const graph = graphOf(shape, (index) => shape.kinds[index]!.turns);
          const host = new FakeRunHost();
          const first = await graph.run(graphExecution(host));
          const next = host.resumed(place % (host.log.length + 1));
          const told = next.log.map(({ data }) => JSON.parse(data) as { type: string; nodeId: string });
          const ended = new Set(told.filter(({ type }) => type === 'node_end').map(({ nodeId }) => nodeId));
          const second = await graph.run(graphExecution(next));
          expect(second.variables).toEqual(first.variables);
          expect(next.begun.filter((id) => ended.has(id))).toEqual([]);
        }),
        { numRuns: 150 },
      );
    });
  });
});
