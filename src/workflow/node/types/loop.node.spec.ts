import { lineOf, WorkflowBench } from '../../../../test/support/workflow-bench.js';

describe('a loop node', () => {
  let bench: WorkflowBench;

  beforeEach(() => {
    bench = new WorkflowBench();
  });

  /** Appends an x to `text`. */
  const GROW = lineOf(['grow', 'act', { text: '{{text}}x', pass: '{{index}}' }]);
  const loop = (config: object, edges: readonly object[] = [], more: readonly object[] = []) => ({
    kind: 'graph',
    nodes: [
      { id: 's', type: 'set', config: { values: { text: '' } } },
      { id: 'l', type: 'loop', config: { body: GROW, until: { text: 'xxx' }, ...config } },
      ...more,
    ],
    edges: [{ from: 's', to: 'l' }, ...edges],
  });
  const says = (output: object) => ({ ...lineOf(['s', 'set', { values: {} }]), output });
  const AFTER = [
    { id: 'done', type: 'set', config: { values: { left: 'next' } } },
    { id: 'spent', type: 'set', config: { values: { left: 'exhausted' } } },
  ];
  const BOTH = [
    { from: 'l', to: 'done' },
    { from: 'l', to: 'spent', port: 'exhausted' },
  ];

  it('repeats its body until the condition holds; each pass sees what the one before left', async () => {
    const { outcome, host } = bench.run(loop({}));
    expect((await outcome).variables).toMatchObject({ text: '', result: { text: 'xxx', pass: 2 } });
    expect(host.begun).toEqual(['s', 'l', 'l/0/grow', 'l/1/grow', 'l/2/grow']);
    expect(host.of('nodeEnd').at(-1)).toMatchObject({ explanation: { iterations: 3, matched: true } });
  });

  it('keeps what any pass left, not the last alone', async () => {
    const first = {
      kind: 'conditional',
      branches: [{ id: 'first', when: { index: 0 }, definition: says({ once: 7 }) }],
    };
    const choice = { ...first, default: { definition: says({ later: 8 }) } };
    const config = { body: choice, until: { all: [{ once: 7 }, { later: 8 }] }, maxIterations: 3 };
    const { outcome, host } = bench.run(loop(config));
    await outcome;
    expect(host.of('nodeEnd').at(-1)).toMatchObject({ explanation: { iterations: 2, matched: true } });
  });

  it.each([
    ['next', {}, 'xxx'],
    ['exhausted', { maxIterations: 2 }, 'xx'],
  ])('leaves by %s', async (left, config, text) => {
    const { outcome } = bench.run(loop(config, BOTH, AFTER));
    expect((await outcome).variables).toMatchObject({ left, result: { text } });
  });

  it('goes on by next when it is exhausted and no edge takes that', async () => {
    const { outcome } = bench.run(loop({ maxIterations: 1 }, BOTH.slice(0, 1), AFTER.slice(0, 1)));
    expect((await outcome).variables).toMatchObject({ left: 'next', result: { text: 'x' } });
  });

  it('gives an output that is no object under the name "output"', async () => {
    const body = { ...lineOf(['s', 'set', { values: { n: 1 } }]), output: 'word' };
    const { outcome } = bench.run(loop({ body, until: { output: 'word' } }));
    expect((await outcome).variables.result).toBe('word');
  });

  it('fails with its body', async () => {
    const body = lineOf(['f', 'fail', { code: 'no', detail: 'No more.' }]);
    await expect(bench.run(loop({ body })).outcome).rejects.toMatchObject({ extensions: { code: 'no' } });
  });

  it('has the same result, wherever its log was cut, and no pass that has ended runs again', async () => {
    const { outcome, host } = bench.run(loop({}));
    const { variables } = await outcome;
    for (let count = 0; count <= host.log.length; count += 1) {
      const next = bench.run(loop({}), { host: host.resumed(count) });
      expect((await next.outcome).variables).toEqual(variables);
      const told = next.host.log
        .slice(0, count)
        .map(({ data }) => JSON.parse(data) as { type: string; path: string[] });
      const known = new Set(told.filter(({ type }) => type === 'node_end').map(({ path }) => path.join('/')));
      expect(next.host.begun.filter((path) => path !== 's' && known.has(path))).toEqual([]);
    }
  });
});
