import { CALLER, graph, node, single, testValidator } from '../../../../test/support/validation.js';

describe('a definition that reaches itself', () => {
  const call = (workflow: string) => single('workflow', { workflow });
  const CODES = ['self-containing', 'too-deep'];

  it('is refused at any depth, at the reference that leads there', async () => {
    const { check, only } = await testValidator({
      workflows: {
        plain: { definition: single() },
        a: { definition: call('b') },
        b: {
          definition: {
            kind: 'composite',
            strategy: 'parallel',
            workflows: [
              { id: 'x', workflow: 'plain' },
              { id: 'y', definition: call('a') },
            ],
          },
        },
        above: { definition: call('a') },
        itself: { definition: call('itself') },
      },
    });
    expect(await check(call('plain'), ...CODES)).toEqual([]);
    expect(
      await check(
        graph([node('x', 'workflow', { workflow: 'plain' }), node('y', 'workflow', { workflow: 'plain' })]),
        ...CODES,
      ),
    ).toEqual([]);
    expect(await check(call('itself'), ...CODES)).toEqual(['self-containing error /nodes/0/config/workflow']);
    expect(await check(call('b'), ...CODES)).toEqual(['self-containing error /nodes/0/config/workflow']);
    const two = {
      kind: 'conditional',
      branches: [{ id: 'a', when: { x: 1 }, workflow: 'above' }],
      default: { workflow: 'a' },
    };
    expect(await check(two, ...CODES)).toEqual([
      'self-containing error /branches/0/workflow',
      'self-containing error /default/workflow',
    ]);
    expect((await only(call('above'), 'self-containing')).message).toBe(
      'Workflow "above" contains itself: "above" -> "a" -> "b" -> "a".',
    );
  });

  it('is refused when it names the workflow it is of, but not an older version', async () => {
    const own = { id: '7', definition: single() };
    const { validator } = await testValidator({
      workflows: { mine: own, '7': own, 'mine@1': own, 'mine@draft': own, other: { definition: call('mine') } },
    });
    const codes = async (workflow: string) =>
      (await validator.validate(CALLER, call(workflow), '7')).violations.map(({ code }) => code);
    expect(await codes('mine')).toEqual(['self-containing']);
    expect(await codes('7')).toEqual(['self-containing']);
    expect(await codes('other')).toEqual(['self-containing']);
    expect(await codes('mine@draft')).toEqual(['self-containing']);
    expect(await codes('mine@1')).toEqual([]);
    expect((await validator.validate(CALLER, call('mine'))).valid).toBe(true);
  });

  it('is counted with the workflows it names, which go no deeper than five', async () => {
    const deep = Object.fromEntries(
      [1, 2, 3, 4, 5, 6].map((height) => [
        `h${height}`,
        { definition: height === 1 ? single() : call(`h${height - 1}`) },
      ]),
    );
    const { check } = await testValidator({ workflows: deep });
    expect(await check(call('h5'), ...CODES)).toEqual([]);
    expect(await check(call('h6'), ...CODES)).toEqual(['too-deep error /nodes/0/config/workflow']);
    expect(await check(single('map', { items: [1], body: call('h5') }), ...CODES)).toEqual([
      'too-deep error /nodes/0/config/body/nodes/0/config/workflow',
    ]);
  });
});
