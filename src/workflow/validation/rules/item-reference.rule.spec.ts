import { graph, node, single, testValidator } from '../../../../test/support/validation.js';

describe('the item and its index', () => {
  it('are there in bodies of map and loop, and nowhere else', async () => {
    const { check } = await testValidator();
    const item = single('model', { prompt: '{{item.name}} is number {{index}}' });
    const found = (definition: unknown) => check(definition, 'item-outside-body');
    expect(await found(single('map', { items: [1], body: item }))).toEqual([]);
    expect(await found(single('loop', { body: item }))).toEqual([]);
    expect(await found(single('workflow', { definition: item }))).toEqual([
      'item-outside-body error /nodes/0/config/definition/nodes/0/config/prompt',
      'item-outside-body error /nodes/0/config/definition/nodes/0/config/prompt',
    ]);
    expect(
      await found({
        kind: 'composite',
        strategy: 'parallel',
        workflows: [{ id: 'a', definition: { ...single(), output: '{{item}}' } }],
      }),
    ).toEqual(['item-outside-body error /workflows/0/definition/output']);
    expect(await found(single('map', { items: [1], body: single('map', { items: '{{item}}', body: item }) }))).toEqual(
      [],
    );
    expect(await found(graph([node('a', 'model', { prompt: '{{items}} {{input.item}}' })]))).toEqual([]);
  });

  it('are only doubted in the outermost definition, which another may name as its body', async () => {
    const { check } = await testValidator();
    expect(await check({ ...single(), output: '{{item}}' })).toEqual(['item-outside-body warning /output']);
  });
});
