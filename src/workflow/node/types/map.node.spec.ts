import { eventually } from '../../../../test/support/eventually.js';
import { lineOf, MAX_ITEMS, WorkflowBench } from '../../../../test/support/workflow-bench.js';
import { runCancelled } from '../../workflow.errors.js';

describe('a map node', () => {
  let bench: WorkflowBench;

  beforeEach(() => {
    bench = new WorkflowBench();
  });

  const BODY = {
    ...lineOf(['work', 'gate', { name: '{{item}}', set: { got: '{{item}} {{index}} {{shared}}' } }]),
    output: '{{got}}',
  };
  const map = (config: object, options: object = {}) => ({
    ...lineOf(['before', 'set', { values: { shared: 's' } }], ['m', 'map', { body: BODY, ...config }, options]),
    output: '{{results}}',
  });

  it('runs its body for each item, with the results in the order of the items whichever ends first', async () => {
    const { outcome, host } = bench.run(map({ items: ['a', 'b', 'c'] }));
    await eventually(() => bench.gates.reached.length === 3);
    for (const [index, name] of ['c', 'a', 'b'].entries()) {
      bench.gates.open(name);
      await eventually(() => Object.keys(host.ended).filter((path) => path.startsWith('m/')).length > index);
    }
    expect((await outcome).output).toEqual([
      { status: 'succeeded', output: 'a 0 s' },
      { status: 'succeeded', output: 'b 1 s' },
      { status: 'succeeded', output: 'c 2 s' },
    ]);
    expect(host.begun).toEqual(['before', 'm', 'm/0/work', 'm/1/work', 'm/2/work']);
  });

  it('takes its body by reference or definition as other nodes write it, with parameters', async () => {
    const body = { definition: { ...lineOf(['w', 'set', { values: { x: 1 } }]), output: '{{input.tone}} {{item}}' } };
    const { outcome } = bench.run(map({ items: ['a'], body: { ...body, parameters: { tone: 'kind' } } }));
    expect((await outcome).output).toEqual([{ status: 'succeeded', output: 'kind a' }]);
  });

  it('never runs more at once than it may, and never fewer while there are more', async () => {
    const items = Array.from({ length: 11 }, (_, index) => `i${index}`);
    const { outcome, host } = bench.run(map({ items, maxConcurrency: 3 }));
    for (const [index, name] of items.entries()) {
      await eventually(() => bench.gates.reached.length === Math.min(items.length, index + 3));
      const atWork = host.begun.length - 2 - Object.keys(host.ended).filter((path) => path.startsWith('m/')).length;
      expect(atWork).toBe(Math.min(3, items.length - index));
      bench.gates.open(name);
      await eventually(() => host.ended[`m/${index}/work`]);
    }
    expect((await outcome).output).toHaveLength(11);
  });

  it('gives each item its own copy of the variables', async () => {
    const body = { ...lineOf(['w', 'set', { values: { shared: '{{shared}}{{item}}' } }]), output: '{{shared}}' };
    const { outcome } = bench.run(map({ items: [1, 2], body }));
    expect(await outcome).toMatchObject({
      output: [{ output: 's1' }, { output: 's2' }],
      variables: { shared: 's' },
    });
  });

  it('takes a failed item for a result like others', async () => {
    const { outcome } = bench.run(map({ items: ['a', 'b'] }));
    bench.gates.break('a');
    bench.gates.open('b');
    expect((await outcome).output).toMatchObject([
      { status: 'failed', problem: { detail: 'a is broken.' } },
      { status: 'succeeded', output: 'b 1 s' },
    ]);
  });

  it('fails with the first failed item when it is to, cancels those that run and begins no more', async () => {
    const { outcome, host } = bench.run(map({ items: ['a', 'b', 'c'], maxConcurrency: 2, onError: 'fail' }));
    await eventually(() => bench.gates.reached.length === 2);
    bench.gates.break('b');
    await expect(outcome).rejects.toMatchObject({ detail: 'b is broken.' });
    expect(host.ended).toEqual({ before: 'succeeded', 'm/0/work': 'cancelled', 'm/1/work': 'failed', m: 'failed' });
  });

  it('tells an item whose time was up from one that failed', async () => {
    const body = { ...BODY, nodes: [{ ...BODY.nodes[0]!, timeoutMs: 30 }] };
    const { outcome } = bench.run(map({ items: ['a'], body }));
    expect((await outcome).output).toMatchObject([
      { status: 'timedOut', problem: { type: '/problems/time-limit-reached' } },
    ]);
  });

  it.each([
    ['nothing', [], []],
    ['what is null', [null], [{ status: 'succeeded', output: null }]],
  ])('maps %s', async (_, items, results) => {
    const body = { ...lineOf(['w', 'set', { values: { x: 1 } }]), output: '{{item}}' };
    expect((await bench.run(map({ items, body })).outcome).output).toEqual(results);
  });

  it('refuses more items than the server allows', async () => {
    const { outcome } = bench.run(map({ items: '{{input.items}}' }), {
      input: { items: Array(MAX_ITEMS + 1).fill(1) },
    });
    await expect(outcome).rejects.toMatchObject({
      type: { slug: 'limit-exceeded' },
      extensions: { limit: 'maxMapItems', value: MAX_ITEMS },
    });
  });

  it('ends with the run, and all its items with it', async () => {
    const controller = new AbortController();
    const { outcome, host } = bench.run(map({ items: ['a', 'b', 'c'], maxConcurrency: 2 }), {
      signal: controller.signal,
    });
    await eventually(() => bench.gates.reached.length === 2);
    const reason = runCancelled('No.');
    controller.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    expect(host.ended).toMatchObject({ 'm/0/work': 'failed', 'm/1/work': 'failed', m: 'failed' });
    expect(host.begun).not.toContain('m/2/work');
  });

  it('takes up where an earlier attempt was cut: items that have ended are not run again', async () => {
    const first = bench.run(map({ items: ['a', 'b', 'c'] }));
    bench.gates.open('a');
    bench.gates.break('c');
    await eventually(() => first.host.ended['m/0/work'] && first.host.ended['m/2/work']);
    const next = bench.run(map({ items: ['a', 'b', 'c'] }), { host: first.host.resumed() });
    bench.gates.open('b');
    expect((await next.outcome).output).toMatchObject([
      { output: 'a 0 s' },
      { output: 'b 1 s' },
      { status: 'failed', problem: { detail: 'c is broken.' } },
    ]);
    expect(bench.runs).toMatchObject({ 'm/0/work': 1, 'm/1/work': 2, 'm/2/work': 1 });
  });

  it('that is tried again runs its items anew, also when the process died in between', async () => {
    const retry = { maxAttempts: 2, backoffMs: 60_000, jitter: false, on: ['timeout'] };
    const body = { ...BODY, nodes: [{ ...BODY.nodes[0]!, timeoutMs: 50 }] };
    const definition = map({ items: ['a'], body, onError: 'fail' }, { retry });
    const died = new AbortController();
    const first = bench.run(definition, { signal: died.signal });
    await eventually(() => first.host.of('retry').length === 1);
    const host = first.host.resumed();
    died.abort(new Error('The process died.'));
    const next = bench.run(definition, { host });
    bench.gates.open('a');
    expect((await next.outcome).output).toEqual([{ status: 'succeeded', output: 'a 0 s' }]);
    expect(next.host.log.filter(({ type }) => type === 'node_end')).toHaveLength(4);
  });
});
