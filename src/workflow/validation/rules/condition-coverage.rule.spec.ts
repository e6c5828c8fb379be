import { graph, node, single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('the conditions of a choice', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator({ workflows: { plain: { definition: single() } } });
  });
  const CODES = ['condition-gap', 'condition-overlap', 'condition-unreachable', 'no-default'];
  const check = (definition: unknown) => chatter.check(definition, ...CODES);
  const LOW = { score: { min: 0, max: 0.5 } };
  const HIGH = { score: { min: 0.7, max: 1 } };
  const conditional = (whens: readonly object[], more: object = { default: { workflow: 'plain' } }) => ({
    kind: 'conditional',
    branches: whens.map((when, index) => ({ id: `b${index}`, when, workflow: 'plain' })),
    ...more,
  });
  const composite = (whens: readonly object[], more: object = { default: { id: 'else', workflow: 'plain' } }) => ({
    kind: 'composite',
    strategy: 'conditional',
    workflows: whens.map((when, index) => ({ id: `c${index}`, when, workflow: 'plain' })),
    ...more,
  });
  const choose = (whens: readonly object[]) =>
    single('switch', { branches: whens.map((when, index) => ({ port: `p${index}`, when })) });
  const EVERYTHING = [LOW, HIGH, { score: { min: 0.8, max: 2 } }, { score: { min: 0.1, max: 0.2 } }];

  it('of a conditional are compared', async () => {
    expect(await check(conditional(EVERYTHING))).toEqual([
      'condition-gap warning /branches/1/when',
      'condition-overlap warning /branches/2/when',
      'condition-unreachable warning /branches/3/when',
    ]);
  });

  it('in the short form are told where they were written', async () => {
    const short = {
      kind: 'conditional',
      conditions: { a: { all: [1, 2] }, b: 1 },
      workflows: { a: 'plain', b: 'plain' },
      default: 'plain',
    };
    expect(await check(short)).toEqual(['condition-unreachable warning /conditions/a']);
  });

  it('of a switch are compared, where it always has a default', async () => {
    expect(await check(choose([LOW, HIGH]))).toEqual(['condition-gap warning /nodes/0/config/branches/1/when']);
    expect(await check(choose([LOW]))).toEqual([]);
  });

  it('of a composite are compared, but all that match run', async () => {
    expect(await check(composite(EVERYTHING))).toEqual(['condition-gap warning /workflows/1/when']);
    expect(await check(composite([{ x: { all: [1, 2] } }]))).toEqual([
      'condition-unreachable warning /workflows/0/when',
    ]);
    expect(await check({ ...composite(EVERYTHING), strategy: 'parallel' })).toEqual([]);
  });

  it('are not enough without a default, unless they take everything', async () => {
    expect(await check(conditional([LOW], {}))).toEqual(['no-default warning ']);
    expect(await check(composite([LOW], {}))).toEqual(['no-default warning ']);
    expect(await check(conditional([{ x: { exists: true } }, { x: { exists: false } }], {}))).toEqual([]);
    expect(await check(graph([node('m', 'map', { items: [1], body: conditional([LOW], {}) })]))).toEqual([
      'no-default warning /nodes/0/config/body',
    ]);
    expect((await chatter.only(conditional([LOW], {}), 'no-default')).message).toContain('no-branch-matched');
  });

  it('are fine when they are', async () => {
    expect(
      await check(conditional([{ queryComplexity: { min: 0.7, max: 1 } }, { queryType: 'technical_support' }])),
    ).toEqual([]);
    expect(await check(conditional([{ documentType: ['pdf', 'docx', 'txt'] }, { hasImages: true }]))).toEqual([]);
  });
});
