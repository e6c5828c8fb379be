import { graph, node, single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('the worst case of a run', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator({
      workflows: {
        dear: { definition: single('loop', { body: single('model', { maxTokens: 1_000 }), maxIterations: 60 }) },
      },
    });
  });
  const check = (definition: unknown) => chatter.check(definition, 'worst-case');
  const loop = (body: unknown, maxIterations: number, more: object = {}) =>
    node('l', 'loop', { body, maxIterations }, more as Record<string, unknown>);
  const answer = single('model', { maxTokens: 1_000 });

  it('is told when it passes the limits of a run', async () => {
    expect(await check(graph([loop(answer, 100)]))).toEqual([]);
    expect(await check(graph([loop(answer, 101)]))).toEqual(['worst-case warning ']);
    expect((await chatter.only(graph([loop(answer, 101)]), 'worst-case')).message).toBe(
      'At worst a run makes 101 model calls and 0 tool calls, for 0.20 USD: about 101,000 tokens, of 100,000 allowed. It would be ended there.',
    );
  });

  it('multiplies through levels, attempts, items and named workflows', async () => {
    const map = node('m', 'map', { items: Array.from({ length: 11 }, () => 1), body: answer });
    expect(await check(graph([map]))).toEqual([]);
    expect(await check(graph([loop(graph([map]), 10)]))).toEqual(['worst-case warning ']);
    expect(await check(graph([loop(answer, 51, { retry: { maxAttempts: 2 } })]))).toEqual(['worst-case warning ']);
    expect(await check(single('workflow', { workflow: 'dear' }))).toEqual([]);
    expect(await check(graph([loop(single('workflow', { workflow: 'dear' }), 2)]))).toEqual(['worst-case warning ']);
  });

  it('takes the dearest branch of a choice, and all children of a composite', async () => {
    const part = graph([loop(answer, 60)]);
    const choice = {
      kind: 'conditional',
      branches: [{ id: 'a', when: { x: 1 }, definition: part }],
      default: { definition: part },
    };
    expect(await check(choice)).toEqual([]);
    expect(
      await check({
        kind: 'composite',
        strategy: 'parallel',
        workflows: [
          { id: 'a', definition: part },
          { id: 'b', definition: part },
        ],
      }),
    ).toEqual(['worst-case warning ']);
  });

  it('counts the calls of tools, and the model calls between them', async () => {
    expect(await check(single('agent'))).toEqual([]);
    expect(await check(graph([node('a', 'agent'), node('b', 'agent')], ['a -> b']))).toEqual(['worst-case warning ']);
    expect(
      (await chatter.only(graph([node('a', 'agent'), node('b', 'agent')], ['a -> b']), 'worst-case')).message,
    ).toContain('22 model calls and 20 tool calls');
  });

  it('counts the summaries of a memory, unless it makes none', async () => {
    const memory = (config: object) => graph([loop(graph([node('m', 'memory', config as never)]), 34)]);
    expect((await chatter.only(memory({}), 'worst-case')).message).toContain('102 model calls');
    expect(await check(memory({ summarise: false }))).toEqual([]);
  });

  it('counts the time that is written down, along the longest path', async () => {
    const timed = (id: string) => node(id, 'memory', {}, { timeoutMs: 200_000 });
    expect(await check(graph([timed('a'), timed('b')]))).toEqual([]);
    expect(await check(graph([timed('a'), timed('b')], ['a -> b']))).toEqual(['worst-case warning ']);
  });

  it('is held against the definition’s own limits', async () => {
    expect(await check({ ...answer, limits: { maxTokens: 1_000 } })).toEqual([]);
    expect(await check({ ...answer, limits: { maxTokens: 999 } })).toEqual(['worst-case warning ']);
  });
});
