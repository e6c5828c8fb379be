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

const timeLimit = problemType({
  slug: 'time-limit-reached',
  status: 504,
  title: 'Time limit reached',
  explanation:
    'The run or a node of it took longer than its limit. Partial output is kept. The problem names the limit and how to raise it.',
});

const HOW_TO_RAISE = {
  runTimeoutMs: 'Raise RUN_TIMEOUT_MS, or send a higher limits.runTimeoutMs up to it.',
  nodeTimeoutMs: 'Raise NODE_TIMEOUT_MS, or set the node’s timeoutMs.',
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
  otherLimit(
    `The run used more than ${value} tokens. Raise MAX_TOKENS_PER_RUN, or send a higher limits.maxTokens up to it.`,
    {
      extensions: { limit: 'maxTokens', value },
    },
  );

/** The problem of a time limit: which, its value and how to raise it. */
export const limitReached = (limit: keyof typeof HOW_TO_RAISE, value: number, subject: string): Problem =>
  timeLimit(`${subject} took longer than ${value} ms. ${HOW_TO_RAISE[limit]}`, { extensions: { limit, value } });

export const isTimeLimit = (problem: Problem): boolean => problem.type.slug === timeLimit.type.slug;
