import { graph, node, single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('a port without an edge', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator();
  });
  const open = (definition: unknown) => chatter.check(definition, 'port-without-edge');
  const choose = node('choose', 'switch', {
    branches: [
      { port: 'yes', when: { x: 1 } },
      { port: 'again', when: { x: 2 } },
    ],
  });

  it('is told for a choice', async () => {
    const nodes = [choose, node('end', 'model')];
    expect(await open(graph(nodes, ['choose yes -> end', 'choose again -> end', 'choose default -> end']))).toEqual([]);
    expect(await open(graph(nodes, ['choose yes -> end', 'choose again -> end']))).toEqual([
      'port-without-edge warning /nodes/0',
    ]);
    expect(
      (await chatter.only(graph(nodes, ['choose yes -> end', 'choose again -> end']), 'port-without-edge')).message,
    ).toContain('"default"');
  });

  it('is fine for the last node, a loop that may run out, and a node that carries on after errors', async () => {
    const loop = node('repeat', 'loop', { body: single(), until: { x: 1 } });
    expect(await open(graph([loop, node('end', 'model')], ['repeat -> end']))).toEqual([]);
    expect(await open(graph([node('a', 'model', {}, { onError: 'continue' })]))).toEqual([]);
  });

  it('is told for errors that are sent somewhere', async () => {
    const careful = node('a', 'model', {}, { onError: { port: 'failed' } });
    expect(await open(graph([careful, node('b', 'model')], ['a -> b']))).toEqual([
      'port-without-edge warning /nodes/0',
    ]);
    expect(await open(graph([careful, node('b', 'model')], ['a failed -> b']))).toEqual([]);
  });
});
