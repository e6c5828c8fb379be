import { graph, node, single, testValidator } from '../../../../test/support/validation.js';

describe('a limit', () => {
  it('is not above the server’s, at any depth', async () => {
    const { check, only } = await testValidator({ environment: { MAX_TOKENS_PER_RUN: '5000' } });
    const limits = { runTimeoutMs: 300_000, nodeTimeoutMs: 1, maxToolCalls: 11, maxTokens: 5_001 };
    const inner = { ...single(), limits: { runTimeoutMs: 300_001 } };
    expect(await check({ ...single('map', { items: [], body: inner }), limits }, 'limit-too-high')).toEqual([
      'limit-too-high error /limits/maxTokens',
      'limit-too-high error /limits/maxToolCalls',
      'limit-too-high error /nodes/0/config/body/limits/runTimeoutMs',
    ]);
    expect(await only({ ...single(), limits: { maxTokens: 5_001 } }, 'limit-too-high')).toMatchObject({
      message: 'The limit maxTokens is 5001; this server allows at most 5000.',
      hint: 'Lower it, or have the operator raise MAX_TOKENS_PER_RUN.',
    });
  });

  it('of a body has no effect, which is advice; that of a child has', async () => {
    const { check } = await testValidator();
    const inner = { ...single(), limits: { maxTokens: 10 } };
    const nodes = [node('m', 'map', { items: [], body: inner }), node('w', 'workflow', { definition: inner })];
    expect(await check(graph(nodes), 'limits-without-effect')).toEqual([
      'limits-without-effect warning /nodes/0/config/body/limits',
    ]);
  });

  it('of a single node is only advice above the whole run’s', async () => {
    const { check } = await testValidator();
    const nodes = [
      node('a', 'agent', { maxToolCalls: 15 }),
      node('b', 'agent', { maxToolCalls: 10 }),
      node('c', 'model', { maxTokens: 200_000 }),
      node('d', 'model', {}, { timeoutMs: 86_400_000 }),
    ];
    expect(await check(graph(nodes), 'limit-too-high')).toEqual([
      'limit-too-high warning /nodes/0/config/maxToolCalls',
      'limit-too-high warning /nodes/2/config/maxTokens',
    ]);
  });
});
