import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { graph, node, single, testValidator, type TestValidator } from '../../../../test/support/validation.js';
import { NodeType } from '../../node/node-type.js';

describe('a reference to a node', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator();
  });
  const CODES = ['unknown-node-reference', 'reference-before-assignment', 'reference-not-certain'];
  const ask = (id: string, ...names: readonly string[]) =>
    node(id, 'model', { prompt: names.map((name) => `{{nodes.${name}.output.text}}`).join(' '), output: `of_${id}` });
  const check = (nodes: readonly unknown[], edges: readonly string[] = [], more: object = {}) =>
    chatter.check(graph(nodes, edges, more as Record<string, unknown>), ...CODES);

  it('finds a node that comes before, however far', async () => {
    expect(
      await check([ask('a'), ask('b', 'a'), ask('c', 'a', 'b')], ['a -> b', 'b -> c'], {
        output: '{{nodes.c.output}}',
      }),
    ).toEqual([]);
  });

  it('that is not there is an error, in configurations, conditions and outputs', async () => {
    const choose = node('choose', 'switch', {
      branches: [{ port: 'x', when: { any: [{ 'nodes.z.output': 1 }, { not: { 'nodes.y.output': 1 } }] } }],
    });
    expect(await check([ask('a', 'b'), choose], [], { output: { x: ['{{nodes.q.output}}'] } })).toEqual([
      'unknown-node-reference error /nodes/0/config/prompt',
      'unknown-node-reference error /nodes/1/config/branches/0/when/any/0/nodes.z.output',
      'unknown-node-reference error /nodes/1/config/branches/0/when/any/1/not/nodes.y.output',
      'unknown-node-reference error /output/x/0',
    ]);
    expect(
      await chatter.only(graph([ask('draft'), ask('send', 'drfat')], ['draft -> send']), 'unknown-node-reference'),
    ).toMatchObject({
      message: 'The reference "nodes.drfat.output.text" names the node "drfat", which is not in this graph.',
      hint: 'Correct the id, or add the node. Did you mean "draft"?',
    });
  });

  it('that has not run by then is an error', async () => {
    expect(await check([ask('a', 'b'), ask('b')], ['a -> b'])).toEqual([
      'reference-before-assignment error /nodes/0/config/prompt',
    ]);
    expect(await check([ask('a', 'a')])).toEqual(['reference-before-assignment error /nodes/0/config/prompt']);
    expect(await check([ask('a'), ask('b', 'c'), ask('c')], ['a -> b', 'a -> c'])).toEqual([
      'reference-before-assignment error /nodes/1/config/prompt',
    ]);
  });

  it('that some paths leave out is doubtful, unless a join waits for it', async () => {
    const choose = node('choose', 'switch', { branches: [{ port: 'x', when: { x: 1 } }] });
    expect(
      await check(
        [choose, ask('a'), ask('b'), ask('c', 'a', 'choose')],
        ['choose x -> a', 'choose default -> b', 'a -> c', 'b -> c'],
      ),
    ).toEqual(['reference-not-certain warning /nodes/3/config/prompt']);
    const fork = [ask('s'), ask('a'), ask('b'), node('j', 'join'), ask('c', 'a', 'b', 's')];
    const edges = ['s -> a', 's -> b', 'a -> j', 'b -> j', 'j -> c'];
    expect(await check(fork, edges)).toEqual([]);
    expect(await check(fork.with(3, node('j', 'join', { wait: 'any' })), edges)).toEqual([
      'reference-not-certain warning /nodes/4/config/prompt',
      'reference-not-certain warning /nodes/4/config/prompt',
    ]);
    const failing = { ...ask('a'), onError: 'continue' };
    expect(await check([failing, ask('b', 'a')], ['a -> b'])).toEqual([
      'reference-not-certain warning /nodes/1/config/prompt',
    ]);
    expect(
      await check([{ ...ask('a'), onError: { port: 'bad' } }, ask('b', 'a'), ask('c', 'a')], ['a -> b', 'a bad -> c']),
    ).toEqual(['reference-not-certain warning /nodes/2/config/prompt']);
  });

  it('is not judged for order on a circle, which is an error already', async () => {
    expect(await check([ask('a', 'b'), ask('b', 'a')], ['a -> b', 'b -> a'])).toEqual([]);
  });

  it('does not reach into or out of an inner definition', async () => {
    const inner = graph([ask('x', 'a')]);
    const nodes = [ask('a'), node('m', 'map', { items: [1], body: inner }), ask('b', 'x')];
    expect(await check(nodes, ['a -> m', 'm -> b'])).toEqual([
      'unknown-node-reference error /nodes/1/config/body/nodes/0/config/prompt',
      'unknown-node-reference error /nodes/2/config/prompt',
    ]);
    const { hint } = await chatter.only(
      graph([ask('a'), node('m', 'map', { items: [1], body: inner })], ['a -> m']),
      'unknown-node-reference',
    );
    expect(hint).toContain('not seen here');
  });

  it('in a conditional names nothing, for it has no nodes', async () => {
    const definition = {
      kind: 'conditional',
      branches: [{ id: 'a', when: { 'nodes.a.output': 1 }, definition: single() }],
      default: { definition: single() },
    };
    expect(await chatter.check(definition, ...CODES)).toEqual([
      'unknown-node-reference error /branches/0/when/nodes.a.output',
    ]);
  });

  it('is left to a node that resolves the member itself', async () => {
    const { check: checked } = await testValidator({ plugins: [LateNode] });
    expect(await checked(single('late', { later: '{{nodes.any.output}}', now: '{{nodes.any.output}}' }))).toEqual([
      'unknown-node-reference error /nodes/0/config/now',
    ]);
  });
});

@Injectable()
@NodeType({
  type: 'late',
  title: 'Late',
  description: 'Resolves a member itself.',
  config: z.strictObject({ later: z.string(), now: z.string() }),
  ports: ['next'],
  raw: ['later'],
})
class LateNode {}
