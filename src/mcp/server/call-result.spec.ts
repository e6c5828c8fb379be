import { problemType } from '../../platform/problem/problem.js';
import { toolFailed } from '../../tool/tool.errors.js';
import { callResult } from './call-result.js';

const approvalNeeded = problemType({ slug: 'test-approval', status: 403, title: 'Approval needed', explanation: '' });

describe('the result of a call', () => {
  it.each<[unknown, string]>([
    ['plain text', 'plain text'],
    [7, '7'],
    [null, 'null'],
    [undefined, 'null'],
    [[1, 2], '[1,2]'],
  ])('of %j is text', (result, text) => {
    expect(callResult({ status: 'ok', result, durationMs: 1 })).toEqual({ content: [{ type: 'text', text }] });
  });

  it('of an object is text and data', () => {
    expect(callResult({ status: 'ok', result: { a: 1 }, durationMs: 1 })).toEqual({
      content: [{ type: 'text', text: '{"a":1}' }],
      structuredContent: { a: 1 },
    });
  });

  it.each(['error', 'denied', 'in_doubt'] as const)(
    'that is %s is an error with its reason, as text and data',
    (status) => {
      const problem = toolFailed('The ticket is closed.', { extensions: { callId: 'c' } });
      expect(callResult({ status, problem, durationMs: 1 })).toEqual({
        isError: true,
        content: [{ type: 'text', text: 'The tool failed: The ticket is closed.' }],
        _meta: { 'chatter/problem': expect.objectContaining({ type: '/problems/tool-failed', callId: 'c' }) },
      });
    },
  );

  it('that waits for a person names the approval and what to do', () => {
    const problem = approvalNeeded('A person is to agree.', { extensions: { approvalId: 'a-1', runId: 'r-1' } });
    const { isError, content } = callResult({ status: 'awaiting_approval', problem, durationMs: 1 });
    expect(isError).toBe(true);
    expect(content[0]).toMatchObject({ text: expect.stringContaining('POST /api/v1/approvals/a-1/decision') });
    expect(content[0]).toMatchObject({ text: expect.stringContaining('GET /api/v1/runs/r-1') });
  });
});
