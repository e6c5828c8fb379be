import { lineOf, WorkflowBench } from '../../../../test/support/workflow-bench.js';

const says = (text: string) => ({ ...lineOf(['say', 'set', { values: { text } }]), output: '{{text}} {{input.n}}' });

describe('a conditional definition', () => {
  let bench: WorkflowBench;

  beforeEach(() => {
    bench = new WorkflowBench();
  });

  const CHOICE = {
    kind: 'conditional',
    branches: [
      { id: 'many', when: { n: { min: 10 } }, definition: says('many') },
      { id: 'some', when: { n: { min: 2 } }, definition: says('some') },
    ],
    default: { definition: says('few') },
  };

  it.each([
    [12, 'many', ['many']],
    [3, 'some', ['some']],
    [1, null, ['default']],
  ])('with %p takes the first branch that matches', async (n, branch, path) => {
    const { outcome, host } = bench.run(CHOICE, { input: { n } });
    expect((await outcome).output).toBe(`${branch ?? 'few'} ${n}`);
    expect(host.of('decision')).toMatchObject([{ path: [], decision: { branch } }]);
    expect(host.of('childStart')).toMatchObject([{ path, child: { parentRunId: 'r', input: { n } } }]);
    expect(host.begun).toEqual([`${path[0]}/say`]);
  });

  it('fails when nothing matches and there is no default, and tells what was tried', async () => {
    const { outcome, host } = bench.run({ ...CHOICE, default: undefined }, { input: { n: 1 } });
    await expect(outcome).rejects.toMatchObject({ type: { slug: 'no-branch-matched' } });
    expect(host.of('decision')).toMatchObject([
      { decision: { branch: null, explanation: [{ branch: 'many' }, { branch: 'some' }] } },
    ]);
  });

  it('fails with the problem of the workflow it chose', async () => {
    const failing = lineOf(['f', 'fail', { code: 'no', detail: 'Not today.' }]);
    const { outcome } = bench.run({ ...CHOICE, default: { definition: failing } }, { input: { n: 1 } });
    await expect(outcome).rejects.toMatchObject({ detail: 'Not today.', extensions: { code: 'no' } });
  });

  it('gives the parameters of a branch to its workflow', async () => {
    const definition = { ...CHOICE, default: { workflow: 'named', parameters: { n: 7 } } };
    const pins = { 'named {"n":7}': { name: 'named', version: 2, definition: says('named') as never } };
    const { outcome, host } = bench.run(definition, { input: { n: 1 }, pins });
    expect((await outcome).output).toBe('named 7');
    expect(host.of('childStart')[0]?.child.workflow).toMatchObject({ name: 'named', version: 2 });
  });

  it('may choose another choice', async () => {
    const { outcome, host } = bench.run(
      { ...CHOICE, default: { definition: { ...CHOICE, default: { definition: says('inner') } } } },
      { input: { n: 0 } },
    );
    expect((await outcome).output).toBe('inner 0');
    expect(host.of('decision').map(({ path }) => path)).toEqual([[], ['default']]);
    expect(host.begun).toEqual(['default/default/say']);
  });

  it('goes on with the child it had begun', async () => {
    const first = bench.run(CHOICE, { input: { n: 3 } });
    await first.outcome;
    const [started] = first.host.of('childStart');
    for (let count = 1; count <= first.host.log.length; count += 1) {
      const next = bench.run(CHOICE, { input: { n: 3 }, host: first.host.resumed(count) });
      expect((await next.outcome).output).toBe('some 3');
      const again = next.host.of('childStart').map(({ child }) => child.id);
      expect(again).toEqual(again.map(() => started?.child.id));
    }
  });
});
