import { problemType, type Problem } from '../platform/problem/problem.js';

export const requirementsUnmet = problemType({
  slug: 'requirements-unmet',
  status: 422,
  title: 'Requirements unmet',
  explanation: 'The workflow needs something this server or workspace does not have; the problem names it.',
});

export const workflowUnknown = problemType({
  slug: 'workflow-unknown',
  status: 404,
  title: 'No such workflow',
  explanation: 'The workflow names no mode, template or workflow of this workspace.',
});

export const conversationBusy = problemType({
  slug: 'conversation-busy',
  status: 409,
  title: 'The conversation is busy',
  explanation:
    'A run holds the conversation ("runId"). Wait for it, cancel it, or send onBusy "enqueue" or "interrupt".',
});

export const tooManyRuns = problemType({
  slug: 'too-many-runs',
  status: 429,
  title: 'Too many runs at once',
  explanation: 'The user already has as many executing runs as MAX_RUNS_PER_USER allows. Wait for one to end.',
});

export const runCancelled = problemType({
  slug: 'run-cancelled',
  status: 409,
  title: 'The run was cancelled',
  explanation: 'The run was cancelled before it ended. What it had produced is kept in its output and its log.',
});

export const runNotPausable = problemType({
  slug: 'run-not-pausable',
  status: 409,
  title: 'The run cannot be paused or resumed',
  explanation: 'Only a run that has not ended can be paused, and only a paused one can be resumed.',
});

export const runQuarantined = problemType({
  slug: 'run-quarantined',
  status: 500,
  title: 'The run was given up',
  explanation: 'The process that executed the run died every time it was tried. The run is not tried again.',
});

export const runFailed = problemType({
  slug: 'run-failed',
  status: 500,
  title: 'The run failed',
  explanation: 'A step of the run failed in a way that was not foreseen. The trace id or run id finds it in the logs.',
});

export const shuttingDown = problemType({
  slug: 'shutting-down',
  status: 503,
  title: 'Shutting down',
  explanation:
    'This process takes no new work because it is shutting down. Repeat the request; another process answers.',
});

export const workflowFailed = problemType({
  slug: 'workflow-failed',
  status: 422,
  title: 'The workflow failed',
  explanation:
    'The workflow itself decided to fail, at a node of type "fail". "code" and detail are the workflow’s own.',
});

export const structuredOutputInvalid = problemType({
  slug: 'structured-output-invalid',
  status: 502,
  title: 'Answer does not follow the schema',
  explanation:
    'A model was asked for JSON that follows a schema and answered with something else. "errors" lists where they differ. Ask again, simplify the schema or choose another model.',
});

const timeLimit = problemType({
  slug: 'time-limit-reached',
  status: 504,
  title: 'Time limit reached',
  explanation:
    'The run or a node of it took longer than its limit. Partial output is kept. The problem names the limit and how to raise it.',
});

export const requestInDoubt = problemType({
  slug: 'request-in-doubt',
  status: 409,
  title: 'The request is in doubt',
  explanation:
    'The process died after it had sent the request of an http node and before it knew the answer. The request may have taken effect, so it is not sent again unless a person says so.',
});

export const childFailed = problemType({
  slug: 'child-failed',
  status: 422,
  title: 'A child workflow failed',
  explanation:
    'A composite that fails fast had a child that did not succeed. The results of all children are in its output.',
});

export const noBranchMatched = problemType({
  slug: 'no-branch-matched',
  status: 422,
  title: 'No branch matched',
  explanation:
    'No condition of a conditional workflow matched and it has no default. The run’s decision tells which were tried, and why none did.',
});

const lowest = (setting: string, limit: string): string =>
  `the lowest of ${setting} and limits.${limit} of the request and the definition`;

const HOW_TO_RAISE = {
  runTimeoutMs: `Raise ${lowest('RUN_TIMEOUT_MS', 'runTimeoutMs')}.`,
  nodeTimeoutMs: `Raise the node’s timeoutMs if it has one, else ${lowest('NODE_TIMEOUT_MS', 'nodeTimeoutMs')}.`,
  timeoutMs: 'Raise the timeoutMs that the definition gives it.',
} as const;

const otherLimit = problemType({
  slug: 'limit-exceeded',
  status: 422,
  title: 'Limit exceeded',
  explanation:
    'The run reached a limit other than time. Partial output is kept. The problem names the limit, its value and how to raise it.',
});

/** The problem of the limit of tokens of a run. */
export const tokensExceeded = (value: number): Problem =>
  otherLimit(`The run used more than ${value} tokens. Raise ${lowest('MAX_TOKENS_PER_RUN', 'maxTokens')}.`, {
    extensions: { limit: 'maxTokens', value },
  });

/** The problem of a limit that is a setting: its name in problems, its value, and the setting that raises it. */
export const limitExceeded = (limit: string, value: number, subject: string, setting: string): Problem =>
  otherLimit(`${subject} Raise ${setting}, which is ${value}.`, { extensions: { limit, value } });

/** The problem of the limit of tool calls of a run. */
export const toolCallsExceeded = (): Problem =>
  otherLimit(
    `The run has made as many tool calls as maxToolCalls allows. Raise ${lowest('MAX_TOOL_CALLS', 'maxToolCalls')}.`,
    { extensions: { limit: 'maxToolCalls' } },
  );

/** The problem of a time limit: which, its value and how to raise it. */
export const limitReached = (limit: keyof typeof HOW_TO_RAISE, value: number, subject: string): Problem =>
  timeLimit(`${subject} took longer than ${value} ms. ${HOW_TO_RAISE[limit]}`, { extensions: { limit, value } });

export const isTimeLimit = (problem: Problem): boolean => problem.type.slug === timeLimit.type.slug;
