import { problemType } from '../../platform/problem/problem.js';

export const approvalDecided = problemType({
  slug: 'approval-decided',
  status: 409,
  title: 'The approval is not pending',
  explanation: 'An approval is decided once. This one was decided, has expired, or its run has ended ("status").',
});
