import { graph, node, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('branches that meet', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator();
  });
  const set = (id: string) => node(id, 'set', { values: { [id]: 1 } });
  const met = (nodes: readonly unknown[], edges: readonly string[]) =>
    chatter.check(graph(nodes, edges), 'implicit-join', 'join-too-large');
  const choose = node('choose', 'switch', { branches: [{ port: 'yes', when: { x: 1 } }], default: 'no' });

  it('in a join are waited for', async () => {
    expect(
      await met([set('a'), set('b'), set('c'), node('j', 'join')], ['a -> b', 'a -> c', 'b -> j', 'c -> j']),
    ).toEqual([]);
  });

  it('in any other node are warned of, once', async () => {
    const nodes = ['a', 'b', 'c', 'd', 'e'].map(set);
    expect(await met(nodes, ['a -> b', 'a -> c', 'b -> d', 'c -> d', 'd -> e'])).toEqual([
      'implicit-join warning /nodes/3',
    ]);
    expect(await met(nodes, ['a -> c', 'b -> c', 'c -> d', 'd -> e'])).toEqual(['implicit-join warning /nodes/2']);
  });

  it('are no branches when a choice takes one of them', async () => {
    expect(
      await met([choose, set('a'), set('b'), set('c')], ['choose yes -> a', 'choose no -> b', 'a -> c', 'b -> c']),
    ).toEqual([]);
    expect(
      await met([choose, set('a'), set('b'), set('c')], ['choose yes -> a', 'choose yes -> b', 'a -> c', 'b -> c']),
    ).toEqual(['implicit-join warning /nodes/3']);
  });

  it('are one branch after a join', async () => {
    const nodes = [set('s'), set('a'), set('b'), node('j', 'join'), choose, set('c'), set('d'), set('e')];
    const edges = [
      's -> a',
      's -> b',
      'a -> j',
      'b -> j',
      'j -> choose',
      'choose yes -> c',
      'choose no -> d',
      'c -> e',
      'd -> e',
    ];
    expect(await met(nodes, edges)).toEqual([]);
    expect(await met([...nodes, set('f')], [...edges, 's -> f', 'f -> e'])).toEqual(['implicit-join warning /nodes/7']);
  });

  it('may meet a second time behind a join', async () => {
    const nodes = [set('s'), { ...choose, id: 'a' }, set('b'), node('j', 'join'), set('end')];
    const edges = ['s -> a', 's -> b', 'a yes -> j', 'b -> j', 'j -> end', 'a no -> end'];
    expect(await met(nodes, edges)).toEqual(['implicit-join warning /nodes/4']);
  });

  it('are enough for the number that a join waits for', async () => {
    const join = (wait: unknown) => [set('a'), set('b'), node('j', 'join', { wait })];
    expect(await met(join(2), ['a -> j', 'b -> j'])).toEqual([]);
    expect(await met(join('all'), ['a -> j', 'b -> j'])).toEqual([]);
    expect(await met(join(3), ['a -> j', 'b -> j'])).toEqual(['join-too-large error /nodes/2/config/wait']);
    expect(await chatter.only(graph(join(3), ['a -> j', 'b -> j']), 'join-too-large')).toMatchObject({
      message: 'Node "j" waits for 3 branches, but 2 edges lead to it.',
    });
  });
});
