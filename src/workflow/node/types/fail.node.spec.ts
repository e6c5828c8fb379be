import { executed } from '../../../../test/support/node-context.js';
import { FailNode } from './fail.node.js';

describe('the fail node', () => {
  it('throws a problem with its code and detail', async () => {
    const failed = executed(new FailNode(), {
      config: { code: 'out-of-stock', detail: 'There is no {{input.product}} left.' },
      scope: { input: { product: 'tea' } },
    });
    const problem: unknown = await failed.catch((error: { body(): unknown }) => error.body());
    expect(problem).toEqual({
      type: '/problems/workflow-failed',
      title: 'The workflow failed',
      status: 422,
      detail: 'There is no tea left.',
      code: 'out-of-stock',
    });
  });
});
