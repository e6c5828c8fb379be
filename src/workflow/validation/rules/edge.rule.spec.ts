import { graph, node, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('an edge', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator();
  });
  const choice = node('choose', 'switch', { branches: [{ port: 'yes', when: { x: 1 } }], default: 'no' });
  const check = (nodes: readonly unknown[], edges: readonly string[]) =>
    chatter.check(graph(nodes, edges), 'dangling-edge', 'unknown-port', 'duplicate-edge');

  it('leads from a node to a node', async () => {
    const nodes = [node('draft', 'model'), node('send', 'model')];
    expect(await check(nodes, ['draft -> send'])).toEqual([]);
    expect(await check(nodes, ['draft -> sand', 'nobody -> send'])).toEqual([
      'dangling-edge error /edges/0/to',
      'dangling-edge error /edges/1/from',
    ]);
    expect(await chatter.only(graph(nodes, ['draft -> sand']), 'dangling-edge')).toMatchObject({
      message: 'The edge from "draft" to "sand": there is no node "sand".',
      hint: 'Correct the id, or remove the edge. Did you mean "send"?',
    });
  });

  it('is not dangling when its node is faulty in another way', async () => {
    expect(await check([node('a', 'model'), { id: 'b', type: 7 }], ['a -> b', 'b -> a'])).toEqual([]);
  });

  it('leaves by a port that its node has', async () => {
    const nodes = [choice, node('end', 'model')];
    expect(await check(nodes, ['choose yes -> end', 'choose no -> end'])).toEqual([]);
    expect(await check(nodes, ['choose -> end', 'end done -> end'])).toEqual([
      'unknown-port error /edges/0/port',
      'unknown-port error /edges/1/port',
    ]);
    expect(await chatter.only(graph(nodes, ['choose yess -> end']), 'unknown-port')).toMatchObject({
      message: 'Node "choose" has no port "yess".',
      hint: 'Its ports are "yes", "no". Did you mean "yes"?',
    });
  });

  it('may leave by the port of an error, when the node has one', async () => {
    const failing = node('try', 'http', { url: 'https://example.com' }, { onError: { port: 'failed' } });
    expect(await check([failing, node('end', 'model')], ['try failed -> end', 'try -> end'])).toEqual([]);
    expect(await check([failing, node('end', 'model')], ['try error -> end'])).toEqual([
      'unknown-port error /edges/0/port',
    ]);
  });

  it('leaves by next when a failure is passed over, also a node that has no such port', async () => {
    const edges = ['choose yes -> end', 'choose no -> end', 'choose -> end'];
    const passing = { ...choice, onError: 'continue' };
    expect(await check([passing, node('end', 'model')], edges)).toEqual([]);
    expect(await check([choice, node('end', 'model')], edges)).toEqual(['unknown-port error /edges/2/port']);
  });

  it('is not judged by its port when the node’s are not known', async () => {
    const nodes = [node('a', 'nope'), node('b', 'switch', { branches: 1 }), node('c', 'model')];
    expect(await check(nodes, ['a any -> c', 'b any -> c'])).toEqual([]);
  });

  it('is drawn once', async () => {
    expect(await check([node('a', 'model'), node('b', 'model')], ['a -> b', 'a -> b'])).toEqual([
      'duplicate-edge warning /edges/1',
    ]);
  });
});
