import { executed, optionsOf } from '../../../../test/support/node-context.js';
import type { ApprovalDecision } from '../node-type.js';
import { inParallel } from '../in-parallel.js';
import { ApprovalNode } from './approval.node.js';

const DAY_MS = 86_400_000;

async function decided(decision: Omit<ApprovalDecision, 'approvalId'>, config: object = {}) {
  const asked: unknown[] = [];
  const { result } = await executed(new ApprovalNode(), {
    config: { title: 'Refund {{input.amount}}?', ...config },
    scope: { input: { amount: 20 } },
    waits: {
      until: () => Promise.reject(new Error('No timer.')),
      forEach: inParallel,
      approval: async (key, request) => {
        asked.push([key, request]);
        return { approvalId: 'a', ...decision };
      },
    },
  });
  return { asked, result };
}

describe('the approval node', () => {
  it('asks a person, by default for a day, after which it counts as denied', async () => {
    const { asked } = await decided({ approved: true, expired: false });
    const request = { kind: 'node', title: 'Refund 20?', expiresInMs: DAY_MS, onExpire: 'deny' };
    expect(asked).toEqual([['approval', request]]);
  });

  it('passes on what the definition says', async () => {
    const config = { detail: 'They were unhappy.', expiresInMs: 5_000, onExpire: 'approve' };
    const { asked } = await decided({ approved: true, expired: false }, config);
    expect(asked).toMatchObject([['approval', config]]);
  });

  it.each([
    [{ approved: true, expired: false, by: 'u2', reason: 'Fair.' }, 'approved'],
    [{ approved: false, expired: false, by: 'u2' }, 'denied'],
    [{ approved: false, expired: true }, 'denied'],
    [{ approved: true, expired: true }, 'approved'],
  ])('after %j leaves by %s and tells the decision', async (decision, port) => {
    const { result } = await decided(decision);
    expect(result).toEqual({ output: decision, port });
  });

  it.each([0, 30 * DAY_MS + 1, 1.5])('does not wait for %s ms', (expiresInMs) => {
    expect(optionsOf(ApprovalNode).config.safeParse({ title: 'Go?', expiresInMs }).success).toBe(false);
  });
});
