import { eventually } from '../../../../test/support/eventually.js';
import { WorkflowBench } from '../../../../test/support/workflow-bench.js';

describe('a join node', () => {
  let bench: WorkflowBench;

  beforeEach(() => {
    bench = new WorkflowBench();
  });

  const into = (config: object) => ({
    kind: 'graph',
    nodes: [
      ...['a', 'b', 'c'].map((id) => ({ id, type: 'gate', config: { set: { [id]: id.toUpperCase() } } })),
      { id: 'j', type: 'join', config },
    ],
    edges: ['a', 'b', 'c'].map((from) => ({ from, to: 'j' })),
  });

  it('waits for all branches and gives what each came to', async () => {
    const { outcome } = bench.run(into({}));
    for (const name of ['c', 'a', 'b']) bench.gates.open(name);
    expect((await outcome).variables.branches).toEqual({
      a: { status: 'succeeded', output: { a: 'A' } },
      b: { status: 'succeeded', output: { b: 'B' } },
      c: { status: 'succeeded', output: { c: 'C' } },
    });
  });

  it.each([
    ['any', ['b'], { a: 'cancelled', b: 'succeeded', c: 'cancelled' }],
    [1, ['c'], { a: 'cancelled', b: 'cancelled', c: 'succeeded' }],
    [2, ['c', 'a'], { a: 'succeeded', b: 'cancelled', c: 'succeeded' }],
  ])('goes on with %p of them, and the rest are cancelled', async (wait, opened, statuses) => {
    const { outcome, host } = bench.run(into({ wait, output: 'came' }));
    for (const name of opened) bench.gates.open(name);
    const { variables } = await outcome;
    const came = Object.entries(variables.came as Record<string, { status: string }>);
    expect(Object.fromEntries(came.map(([id, { status }]) => [id, status]))).toEqual(statuses);
    expect(host.ended).toEqual({ ...statuses, j: 'succeeded' });
  });

  it('fails with a branch that fails', async () => {
    const { outcome, host } = bench.run(into({}));
    await eventually(() => bench.gates.reached.length === 3);
    bench.gates.break('b');
    await expect(outcome).rejects.toMatchObject({ detail: 'b is broken.' });
    expect(host.begun).not.toContain('j');
  });

  it('takes a failure for a result when it goes on with errors', async () => {
    const { outcome } = bench.run(into({ onError: 'continue' }));
    for (const name of ['a', 'c']) bench.gates.open(name);
    bench.gates.break('b');
    expect((await outcome).variables.branches).toMatchObject({
      a: { status: 'succeeded' },
      b: { status: 'failed', problem: { detail: 'b is broken.' } },
      c: { status: 'succeeded' },
    });
  });

  it('behind a single way in passes what came', async () => {
    const definition = {
      kind: 'graph',
      nodes: [
        { id: 'a', type: 'act', config: { x: 1 } },
        { id: 'j', type: 'join', config: {} },
      ],
      edges: [{ from: 'a', to: 'j' }],
    };
    const { outcome } = bench.run(definition);
    expect((await outcome).variables.branches).toEqual({ a: { status: 'succeeded', output: { x: 1 } } });
  });
});
