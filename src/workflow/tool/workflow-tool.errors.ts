import { problemType } from '../../platform/problem/problem.js';

export const workflowCallFailed = problemType({
  slug: 'workflow-call-failed',
  status: 502,
  title: 'The called workflow failed',
  explanation:
    'A workflow that was called as a tool did not succeed. "runId" names its run, whose events tell what happened; "problem" is what it ended with.',
});

export const workflowCallWaits = problemType({
  slug: 'workflow-call-waits',
  status: 409,
  title: 'The called workflow waits for a person',
  explanation:
    'A workflow that was called as a tool came to a step that a person has to decide, for which a tool call cannot wait: its run was cancelled. Run the workflow itself, or leave the approval to the workflow that calls it.',
});

export const workflowCallTooDeep = problemType({
  slug: 'workflow-call-too-deep',
  status: 422,
  title: 'Workflows call each other too deep',
  explanation:
    'Workflows that are called as tools may call further ones, five deep at most. A workflow that calls itself ends here.',
});
