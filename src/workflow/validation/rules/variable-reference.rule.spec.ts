import { graph, node, single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('a variable that is used', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator();
  });
  const set = (id: string, ...names: readonly string[]) =>
    node(id, 'set', { values: Object.fromEntries(names.map((name) => [name, 1])) });
  const use = (id: string, text: string) => node(id, 'model', { prompt: text, output: `of_${id}` });
  const CLOSED = { input: { type: 'object', properties: { topic: {} }, additionalProperties: false } };
  const OPEN = { input: { type: 'object', properties: { topic: {} } } };
  const check = (nodes: readonly unknown[], edges: readonly string[] = [], more: object = {}) =>
    chatter.check(graph(nodes, edges, more as Record<string, unknown>), 'variable-not-set', 'unknown-input');
  const ERROR = (index: number) => [`variable-not-set error /nodes/${index}/config/prompt`];
  const WARNING = (index: number) => [`variable-not-set warning /nodes/${index}/config/prompt`];

  it('is set by a node that comes before: by name, or as the output of its type', async () => {
    expect(
      await check(
        [set('a', 'x'), use('b', '{{x}} {{variables.x}}'), use('c', '{{of_b}} {{variables.x}}')],
        ['a -> b', 'b -> c'],
      ),
    ).toEqual([]);
    expect(await check([node('a', 'model'), use('b', '{{variables.text}}')], ['a -> b'])).toEqual([]);
  });

  it('is an error when nothing before it sets it', async () => {
    expect(await check([use('a', '{{variables.x}}')])).toEqual(ERROR(0));
    expect(await check([use('a', '{{variables.x}}'), set('b', 'x')], ['a -> b'])).toEqual(ERROR(0));
    expect(await check([set('a', 'x'), use('b', '{{variables.x}}')])).toEqual(ERROR(1));
    expect(await check([use('a', '{{variables}}')])).toEqual([]);
  });

  it('may be a member of the input when it has no root', async () => {
    expect(await check([use('a', '{{x}}')])).toEqual([]);
    expect(await check([use('a', '{{topic}}')], [], CLOSED)).toEqual([]);
    expect(await check([use('a', '{{topic}}')], [], OPEN)).toEqual([]);
    expect(await check([use('a', '{{topc}}')], [], OPEN)).toEqual(WARNING(0));
    expect(await check([use('a', '{{topc}}')], [], CLOSED)).toEqual(ERROR(0));
    expect(await check([use('a', '{{x}}'), set('b', 'x')], ['a -> b'])).toEqual(WARNING(0));
    expect((await chatter.only(graph([use('a', '{{topc}}')], [], OPEN), 'variable-not-set')).hint).toContain(
      'Did you mean "topic"?',
    );
  });

  it('is doubtful when only some paths set it', async () => {
    const choose = node('choose', 'switch', { branches: [{ port: 'x', when: { kind: 'x' } }] });
    const edges = ['choose x -> a', 'choose default -> b', 'a -> c', 'b -> c'];
    expect(await check([choose, set('a', 'v'), set('b', 'w'), use('c', '{{variables.v}}')], edges)).toEqual(WARNING(3));
    expect(await check([choose, set('a', 'v'), set('b', 'v'), use('c', '{{variables.v}} {{v}}')], edges)).toEqual([]);
    expect(await check([choose, set('a', 'v'), set('b', 'w'), use('c', '{{v}}')], edges)).toEqual(WARNING(3));
    expect(
      await check(
        [set('s', 'q'), set('a', 'v'), set('b', 'w'), node('j', 'join'), use('c', '{{variables.v}}{{variables.w}}')],
        ['s -> a', 's -> b', 'a -> j', 'b -> j', 'j -> c'],
      ),
    ).toEqual([]);
  });

  it('is given the benefit of the doubt behind a node of which it is not known what it sets', async () => {
    expect(await check([node('a', 'nope'), use('b', '{{variables.x}}')], ['a -> b'])).toEqual(WARNING(1));
    expect(await check([node('a', 'nope'), use('b', '{{variables.x}}')], [])).toEqual(ERROR(1));
  });

  it('may be set anywhere for the output', async () => {
    const choose = node('choose', 'switch', { branches: [{ port: 'x', when: { kind: 'x' } }] });
    const nodes = [choose, set('a', 'v'), set('b', 'w')];
    const edges = ['choose x -> a', 'choose default -> b'];
    expect(await check(nodes, edges, { output: '{{variables.v}} {{w}}' })).toEqual([]);
    expect(await check(nodes, edges, { output: { a: '{{variables.z}}' } })).toEqual([
      'variable-not-set error /output/a',
    ]);
  });

  it('of the input that it cannot have is an error', async () => {
    expect(await check([use('a', '{{input.topic}} {{input}}')], [], CLOSED)).toEqual([]);
    expect(await check([use('a', '{{input.topc}}')], [], CLOSED)).toEqual([
      'unknown-input error /nodes/0/config/prompt',
    ]);
    expect(await check([use('a', '{{input.topc}}')], [], OPEN)).toEqual([]);
    expect(await check([use('a', '{{input.topc}}')], [], { input: { ...CLOSED.input, allOf: [{}] } })).toEqual([]);
  });

  it('in a condition is never more than doubtful', async () => {
    const choose = (when: object) => node('choose', 'switch', { branches: [{ port: 'x', when }] });
    const pointer = '/nodes/0/config/branches/0/when/variables.x';
    expect(await check([choose({ 'variables.x': { exists: true } })])).toEqual([`variable-not-set warning ${pointer}`]);
    expect(await check([choose({ x: 1 })])).toEqual([]);
    expect(
      await chatter.check(
        {
          kind: 'conditional',
          ...CLOSED,
          branches: [{ id: 'a', when: { topc: 1 }, definition: single() }],
          default: { definition: single() },
        },
        'variable-not-set',
      ),
    ).toEqual(['variable-not-set warning /branches/0/when/topc']);
  });

  it('reaches into a body with its node’s variables, and from one pass of a body to the next', async () => {
    const body = (text: string, ...more: readonly unknown[]) => graph([use('u', text), ...more]);
    const map = (inner: object) => node('m', 'map', { items: [1], body: inner });
    const at = '/nodes/1/config/body/nodes/0/config/prompt';
    expect(await check([set('a', 'x'), map(body('{{variables.x}}'))], ['a -> m'])).toEqual([]);
    expect(await check([set('a', 'x'), map(body('{{variables.y}}'))], ['a -> m'])).toEqual([
      `variable-not-set error ${at}`,
    ]);
    expect(await check([set('a', 'x'), map(body('{{variables.x}}'))])).toEqual([`variable-not-set error ${at}`]);
    expect(await check([set('a', 'x'), map(body('{{variables.y}}', set('v', 'y')))], ['a -> m'])).toEqual([
      `variable-not-set warning ${at}`,
    ]);
    expect(await check([set('a', 'x'), map(body('{{topc}}'))], ['a -> m'], CLOSED)).toEqual([
      `variable-not-set error ${at}`,
    ]);
    expect(await check([map(body('a')), use('after', '{{variables.of_u}}')], ['m -> after'])).toEqual(ERROR(1));
  });

  it('does not reach a child run, whose input is its own', async () => {
    const child = node('w', 'workflow', { definition: graph([use('u', '{{topc}} {{input.topc}}')]) });
    expect(await check([child], [], CLOSED)).toEqual([]);
    const closed = node('w', 'workflow', { definition: graph([use('u', '{{topc}}')], [], CLOSED) });
    expect(await check([closed])).toEqual([
      'variable-not-set warning /nodes/0/config/definition/nodes/0/config/prompt',
    ]);
  });
});
