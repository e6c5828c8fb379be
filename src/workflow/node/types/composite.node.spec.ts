import { eventually } from '../../../../test/support/eventually.js';
import { lineOf, WorkflowBench } from '../../../../test/support/workflow-bench.js';
import { runCancelled } from '../../workflow.errors.js';

const gate = (name: string, output: unknown) => ({ ...lineOf(['g', 'gate', { name }]), output });
const says = (output: unknown) => ({ ...lineOf(['s', 'act', {}]), output });
const FAILS = lineOf(['f', 'fail', { code: 'no', detail: 'Not today.' }]);

interface Result {
  readonly id: string;
  readonly status: string;
  readonly output?: unknown;
}
interface Output {
  readonly results: readonly Result[];
  readonly merged: unknown;
}

const statuses = (output: unknown): readonly (readonly [string, string])[] =>
  (output as Output).results.map(({ id, status }) => [id, status] as const);

describe('a composite', () => {
  let bench: WorkflowBench;

  beforeEach(() => {
    bench = new WorkflowBench();
  });

  const outputOf = async (definition: object, parts = {}): Promise<Output> =>
    (await bench.run({ kind: 'composite', ...definition }, parts).outcome).output as Output;

  describe('in sequence', () => {
    const strategy = 'sequential';

    it('gives each child the input with what came of those before it', async () => {
      const { merged } = await outputOf(
        {
          strategy,
          workflows: [
            { id: 'a', definition: says({ x: '{{input.n}}' }) },
            { id: 'b', definition: says({ y: '{{input.a.x}} {{input.n}}' }) },
            { id: 'c', definition: says('{{input}}'), input: { only: '{{b.y}}', also: '{{input.n}}' } },
          ],
        },
        { input: { n: 1 } },
      );
      expect(merged).toEqual({ a: { x: 1 }, b: { y: '1 1' }, c: { only: '1 1', also: 1 } });
    });

    it('merges members by key where the last wins, and reports a conflict', async () => {
      const definition = {
        kind: 'composite',
        strategy,
        merge: 'lastWins',
        workflows: [
          { id: 'a', definition: says({ x: 1, same: 0 }) },
          { id: 'b', definition: says({ x: '{{input.x}}2', same: 0 }) },
          { id: 'c', definition: says('word') },
        ],
      };
      const { outcome, host } = bench.run(definition);
      expect((await outcome).output).toMatchObject({ merged: { x: '12', same: 0, c: 'word' } });
      expect(host.of('node')).toEqual([
        {
          kind: 'node',
          path: [],
          event: { type: 'note', code: 'merge-conflict', detail: '"x" came from a and b; that of b is kept.' },
        },
      ]);
    });

    it('carries the last good state past a child that failed, and succeeds', async () => {
      const output = await outputOf({
        strategy,
        workflows: [
          { id: 'a', definition: says({ x: 1 }) },
          { id: 'b', definition: FAILS },
          { id: 'c', definition: says('{{input.a.x}}') },
        ],
      });
      expect(output).toMatchObject({
        results: [
          { id: 'a', status: 'succeeded', durationMs: expect.any(Number), usage: null },
          { id: 'b', status: 'failed', problem: { detail: 'Not today.' } },
          { id: 'c', status: 'succeeded', output: 1 },
        ],
        merged: { a: { x: 1 }, c: 1 },
      });
    });

    it('stops at the first failure when it fails fast, and keeps the results', async () => {
      const { outcome, shown } = bench.run({
        kind: 'composite',
        strategy,
        onError: 'failFast',
        workflows: [
          { id: 'a', definition: says(1) },
          { id: 'b', definition: FAILS },
          { id: 'c', definition: says(3) },
        ],
      });
      await expect(outcome).rejects.toMatchObject({
        type: { slug: 'child-failed' },
        extensions: { child: 'b', problem: { detail: 'Not today.' } },
      });
      expect(statuses(shown())).toEqual([
        ['a', 'succeeded'],
        ['b', 'failed'],
        ['c', 'skipped'],
      ]);
    });

    it('ends a child whose time is up, and goes on', async () => {
      const output = await outputOf({
        strategy,
        workflows: [
          { id: 'a', definition: gate('a', 1), timeoutMs: 40 },
          { id: 'b', definition: says(2) },
        ],
      });
      expect(output).toMatchObject({
        results: [
          { status: 'timedOut', problem: { limit: 'timeoutMs', value: 40, detail: expect.stringContaining('"a"') } },
          { status: 'succeeded' },
        ],
      });
    });
  });

  describe('side by side', () => {
    const strategy = 'parallel';
    const gates = (...names: readonly string[]) => names.map((id) => ({ id, definition: gate(id, `${id}!`) }));

    it('aligns the results with the children, whichever ends first', async () => {
      const { outcome, host } = bench.run({ kind: 'composite', strategy, workflows: gates('a', 'b', 'c') });
      for (const [index, name] of ['c', 'b', 'a'].entries()) {
        bench.gates.open(name);
        await eventually(() => host.of('childEnd').length > index);
      }
      expect((await outcome).output).toMatchObject({
        results: [
          { id: 'a', output: 'a!' },
          { id: 'b', output: 'b!' },
          { id: 'c', output: 'c!' },
        ],
        merged: { a: 'a!', b: 'b!', c: 'c!' },
      });
    });

    it('never runs more at once than it may', async () => {
      const names = Array.from({ length: 7 }, (_, index) => `w${index}`);
      const definition = { kind: 'composite', strategy, maxConcurrency: 2, workflows: gates(...names) };
      const { outcome, host } = bench.run(definition);
      for (const [index, name] of names.entries()) {
        await eventually(() => bench.gates.reached.length === Math.min(7, index + 2));
        expect(host.of('childStart').length - host.of('childEnd').length).toBe(Math.min(2, 7 - index));
        bench.gates.open(name);
        await eventually(() => host.of('childEnd').length > index);
      }
      await outcome;
    });

    it('gives each child its own copy of the input', async () => {
      const { outcome, host } = bench.run(
        {
          kind: 'composite',
          strategy,
          workflows: [
            { id: 'a', definition: says(1) },
            { id: 'b', definition: says(2) },
          ],
        },
        { input: { list: [1] } },
      );
      await outcome;
      const [a, b] = host.of('childStart').map(({ child }) => child.input);
      expect(a).toEqual({ list: [1] });
      expect(a).toEqual(b);
      expect(a?.list).not.toBe(b?.list);
    });

    it('contains the failure of a child', async () => {
      const output = outputOf({ strategy, workflows: [{ id: 'f', definition: FAILS }, ...gates('a')] });
      await eventually(() => bench.gates.reached.length === 1);
      bench.gates.open('a');
      expect(statuses(await output)).toEqual([
        ['f', 'failed'],
        ['a', 'succeeded'],
      ]);
    });

    it('cancels the others when it fails fast, also those inside of which branches run, and skips the rest', async () => {
      const branches = {
        kind: 'graph',
        nodes: ['x', 'y'].map((id) => ({ id, type: 'gate', config: {} })),
        edges: [],
      };
      const definition = {
        kind: 'composite',
        strategy,
        onError: 'failFast',
        maxConcurrency: 3,
        workflows: [{ id: 'two', definition: branches }, ...gates('a', 'b', 'late')],
      };
      const { outcome, host, shown } = bench.run(definition);
      await eventually(() => bench.gates.reached.length === 4);
      bench.gates.break('a');
      await expect(outcome).rejects.toMatchObject({ extensions: { child: 'a' } });
      expect(statuses(shown())).toEqual([
        ['two', 'cancelled'],
        ['a', 'failed'],
        ['b', 'cancelled'],
        ['late', 'skipped'],
      ]);
      expect(host.ended).toEqual({ 'two/x': 'cancelled', 'two/y': 'cancelled', 'a/g': 'failed', 'b/g': 'cancelled' });
    });

    it('decides a conflict by the order of the list', async () => {
      const workflows = [
        { id: 'a', definition: gate('a', { x: 'a' }) },
        { id: 'b', definition: gate('b', { x: 'b' }) },
      ];
      const { outcome, host } = bench.run({ kind: 'composite', strategy, merge: 'lastWins', workflows });
      bench.gates.open('b');
      await eventually(() => host.of('childEnd').length === 1);
      bench.gates.open('a');
      expect((await outcome).output).toMatchObject({ merged: { x: 'b' } });
      expect(host.of('node')).toHaveLength(1);
    });

    it('ends a child that is cancelled, and only that', async () => {
      const { outcome, host } = bench.run({ kind: 'composite', strategy, workflows: gates('a', 'b') });
      await eventually(() => bench.gates.reached.length === 2);
      host.cancelChild('a');
      bench.gates.open('b');
      expect(statuses((await outcome).output)).toEqual([
        ['a', 'cancelled'],
        ['b', 'succeeded'],
      ]);
    });

    it('ends with the run', async () => {
      const controller = new AbortController();
      const { outcome, host } = bench.run(
        { kind: 'composite', strategy, workflows: gates('a', 'b') },
        { signal: controller.signal },
      );
      await eventually(() => bench.gates.reached.length === 2);
      const reason = runCancelled('No.');
      controller.abort(reason);
      await expect(outcome).rejects.toBe(reason);
      expect(host.of('childEnd')).toHaveLength(2);
      expect([host.work, host.leastWork]).toEqual([0, 0]);
    });
  });

  describe('by condition', () => {
    const strategy = 'conditional';
    const CHILDREN = [
      { id: 'big', when: { n: { min: 5 } }, definition: says('big') },
      { id: 'odd', when: { odd: true }, definition: says('odd after {{input.big}}') },
    ];
    const otherwise = { id: 'none', definition: says('none') };

    it.each([
      [
        { n: 7, odd: true },
        [
          ['big', 'succeeded'],
          ['odd', 'succeeded'],
        ],
        { big: 'big', odd: 'odd after big' },
      ],
      [
        { n: 6, odd: false },
        [
          ['big', 'succeeded'],
          ['odd', 'skipped'],
        ],
        { big: 'big' },
      ],
      [
        { n: 1, odd: false },
        [
          ['big', 'skipped'],
          ['odd', 'skipped'],
          ['none', 'succeeded'],
        ],
        { none: 'none' },
      ],
    ])('of %j runs every child that matches, else the default', async (input, expected, merged) => {
      const output = await outputOf({ strategy, workflows: CHILDREN, default: otherwise }, { input });
      expect(statuses(output)).toEqual(expected);
      expect(output.merged).toEqual(merged);
    });

    it('tells why as the decision of the run, where it is the whole definition, and of none as a node', async () => {
      const definition = { kind: 'composite', strategy, workflows: CHILDREN, default: otherwise };
      const decisionsOf = async (whole: object, input: Readonly<Record<string, unknown>>) => {
        const { outcome, host } = bench.run(whole, { input });
        await outcome;
        return host.of('decision');
      };
      const tried = (big: boolean, odd: boolean) => [
        { branch: 'big', matched: big, reasons: expect.any(Array) },
        { branch: 'odd', matched: odd, reasons: expect.any(Array) },
      ];
      expect(await decisionsOf(definition, { n: 1, odd: true })).toMatchObject([
        { path: [], decision: { branch: 'odd', explanation: tried(false, true) } },
      ]);
      expect(await decisionsOf(definition, { n: 1, odd: false })).toMatchObject([
        { decision: { branch: null, explanation: tried(false, false) } },
      ]);
      const { kind: _, ...config } = definition;
      expect(await decisionsOf({ kind: 'graph', nodes: [{ id: 'c', type: 'composite', config }] }, { n: 1 })).toEqual(
        [],
      );
    });

    it('runs none when none matches and there is no default', async () => {
      const output = await outputOf({ strategy, workflows: CHILDREN }, { input: { n: 1 } });
      expect(output).toMatchObject({ results: [{ status: 'skipped' }, { status: 'skipped' }], merged: {} });
    });
  });

  it('as a node puts results and merged into a variable, with paths under its own', async () => {
    const definition = {
      kind: 'graph',
      nodes: [
        {
          id: 'c',
          type: 'composite',
          config: { strategy: 'parallel', workflows: [{ id: 'a', definition: says(1) }], output: 'all' },
        },
      ],
      output: '{{all.merged.a}}',
    };
    const { outcome, host } = bench.run(definition);
    expect((await outcome).output).toBe(1);
    expect(host.begun).toEqual(['c', 'c/a/s']);
  });

  it('as a node fails with the problem alone, and shows the results where its failure is contained', async () => {
    const config = { strategy: 'sequential', onError: 'failFast', workflows: [{ id: 'a', definition: FAILS }] };
    const node = { id: 'c', type: 'composite', config };
    const failing = bench.run({ kind: 'graph', nodes: [node] });
    await expect(failing.outcome).rejects.toMatchObject({ type: { slug: 'child-failed' } });
    const contained = bench.run({
      kind: 'graph',
      nodes: [{ ...node, onError: 'continue' }],
      output: '{{nodes.c.output}}',
    });
    expect((await contained.outcome).output).toMatchObject({
      output: { results: [{ id: 'a', status: 'failed' }] },
      problem: { child: 'a' },
    });
  });

  it.each(['sequential', 'parallel'])('%s has the same results, wherever its log was cut', async (strategy) => {
    const workflows = [
      { id: 'a', definition: says(1) },
      { id: 'f', definition: FAILS },
      { id: 'c', definition: { ...lineOf(['s', 'act', {}], ['t', 'act', {}]), output: '{{input.n}}' } },
    ];
    const definition = { kind: 'composite', strategy, workflows };
    const first = bench.run(definition);
    const { results, merged } = (await first.outcome).output as Output;
    for (let count = 0; count <= first.host.log.length; count += 1) {
      const next = bench.run(definition, { host: first.host.resumed(count) });
      const output = (await next.outcome).output as Output;
      expect(statuses(output)).toEqual(results.map(({ id, status }) => [id, status]));
      expect(output.merged).toEqual(merged);
      expect(next.host.log.filter(({ type }) => type === 'child_start')).toHaveLength(3);
      expect(next.host.log.filter(({ type }) => type === 'child_end')).toHaveLength(3);
    }
  });
});
