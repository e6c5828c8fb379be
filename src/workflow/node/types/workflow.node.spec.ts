import { eventually } from '../../../../test/support/eventually.js';
import { lineOf, WorkflowBench } from '../../../../test/support/workflow-bench.js';

const ECHO = { ...lineOf(['e', 'act', { x: 1 }]), output: { got: '{{input.q}}', all: '{{input}}' } };

describe('a workflow node', () => {
  let bench: WorkflowBench;

  beforeEach(() => {
    bench = new WorkflowBench();
  });

  const around = (config: object, options: object = {}) => ({
    ...lineOf(['w', 'workflow', { definition: ECHO, ...config }, options]),
    output: '{{result}}',
  });

  it('runs a child run with the input it says', async () => {
    const { outcome, host } = bench.run(around({ input: { q: '{{input.n}}' } }), { input: { n: 3 } });
    expect((await outcome).output).toEqual({ got: 3, all: { q: 3 } });
    expect(host.told).toEqual([
      'nodeStart w',
      'childStart w',
      'nodeStart w/e',
      'nodeEnd succeeded w/e',
      'childEnd succeeded w',
      'nodeEnd succeeded w',
    ]);
    const [started] = host.of('childStart');
    expect(started?.child).toMatchObject({ parentRunId: 'r', index: 0, input: { q: 3 } });
    expect(started?.child.id).not.toBe('r');
  });

  it('gives its own input where it says none, and the variables to nobody', async () => {
    const definition = { ...ECHO, output: { n: '{{input.n}}', mine: '{{variables.mine}}' } };
    const { outcome } = bench.run(
      { ...lineOf(['s', 'set', { values: { mine: 1 } }], ['w', 'workflow', { definition }]), output: '{{result}}' },
      { input: { n: 3 } },
    );
    expect((await outcome).output).toEqual({ n: 3, mine: null });
  });

  it('runs what its reference was pinned to', async () => {
    const pins = { 'echo@2': { id: 'id', name: 'echo', version: 2, definition: ECHO as never } };
    const { outcome, host } = bench.run(around({ definition: undefined, workflow: 'echo@2' }), {
      pins,
      input: { q: 1 },
    });
    expect((await outcome).output).toMatchObject({ got: 1 });
    expect(host.of('childStart')[0]?.child.workflow).toMatchObject({ id: 'id', name: 'echo', version: 2 });
  });

  it.each(['unknown', 'constructor', '__proto__'])('is refused when nothing is pinned for %p', async (workflow) => {
    await expect(bench.run(around({ definition: undefined, workflow })).outcome).rejects.toMatchObject({
      extensions: { errors: [{ pointer: '/nodes/0/config', detail: expect.stringContaining('pinned') }] },
    });
  });

  it('fails with the problem of its child', async () => {
    const definition = lineOf(['f', 'fail', { code: 'no', detail: 'Not today.' }]);
    const { outcome, host } = bench.run(around({ definition }));
    await expect(outcome).rejects.toMatchObject({ detail: 'Not today.', extensions: { code: 'no' } });
    expect(host.of('childEnd')).toMatchObject([{ result: { status: 'failed', problem: { detail: 'Not today.' } } }]);
  });

  it('ends cancelled when its child alone is cancelled', async () => {
    const definition = lineOf(['g', 'gate']);
    const { outcome, host } = bench.run(around({ definition }));
    await eventually(() => bench.gates.reached.length === 1);
    host.cancelChild('w');
    await expect(outcome).rejects.toMatchObject({ type: { slug: 'run-cancelled' } });
    expect(host.of('childEnd')).toMatchObject([{ result: { status: 'cancelled' } }]);
  });

  it('ends its child when its time is up, and says so of both', async () => {
    const { outcome, host } = bench.run(around({ definition: lineOf(['g', 'gate']) }, { timeoutMs: 60 }));
    await expect(outcome).rejects.toMatchObject({ type: { slug: 'time-limit-reached' } });
    expect(host.told.slice(-3)).toEqual(['nodeEnd failed w/g', 'childEnd timedOut w', 'nodeEnd failed w']);
  });

  it('that is tried again begins another child, also when the process died in between', async () => {
    const definition = lineOf(['g', 'gate', {}, { timeoutMs: 50 }]);
    const retry = { maxAttempts: 2, backoffMs: 60_000, jitter: false };
    const died = new AbortController();
    const first = bench.run(around({ definition }, { retry }), { signal: died.signal });
    await eventually(() => first.host.of('retry').length === 1);
    const host = first.host.resumed();
    died.abort(new Error('The process died.'));
    const next = bench.run(around({ definition }, { retry }), { host });
    bench.gates.open('g');
    await next.outcome;
    const ids = [...first.host.of('childStart'), ...next.host.of('childStart')].map(({ child }) => child.id);
    expect(new Set(ids).size).toBe(2);
    expect(next.host.log.filter(({ type }) => type === 'child_end')).toHaveLength(2);
  });

  it.each([
    ['its input', { workflow: '{{input.q}}' }],
    ['two workflows', { workflow: 'plain' }],
  ])('cannot be chosen by %s', async (_, config) => {
    await expect(bench.run(around(config)).outcome).rejects.toMatchObject({ type: { slug: 'validation-failed' } });
  });
});
