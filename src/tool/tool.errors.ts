import { problemType } from '../platform/problem/problem.js';

export const toolUnknown = problemType({
  slug: 'tool-unknown',
  status: 404,
  title: 'No such tool',
  explanation: 'This server has no tool of this name.',
});

export const toolArgumentsInvalid = problemType({
  slug: 'tool-arguments-invalid',
  status: 422,
  title: 'Tool arguments invalid',
  explanation:
    'The arguments of a tool call do not follow the tool’s schema. "errors" lists every fault with its JSON pointer.',
});

export const toolFailed = problemType({
  slug: 'tool-failed',
  status: 502,
  title: 'The tool failed',
  explanation:
    'A tool could not do what it was called for. The detail says why, or the call’s id finds the reason in the logs.',
});

export const toolTimeout = problemType({
  slug: 'tool-timeout',
  status: 504,
  title: 'The tool took too long',
  explanation: 'A tool did not answer within TOOL_TIMEOUT_MS. What it has done by then is not known.',
});

export const toolResultTooLarge = problemType({
  slug: 'tool-result-too-large',
  status: 502,
  title: 'Tool result too large',
  explanation: 'A tool answered with more than 256 KB of JSON, or with values nested deeper than 64. Ask it for less.',
});

export const toolResultInvalid = problemType({
  slug: 'tool-result-invalid',
  status: 502,
  title: 'The tool answered amiss',
  explanation: 'A tool’s answer does not follow the schema that the tool declares for it, so it is not used.',
});

export const toolDenied = problemType({
  slug: 'tool-denied',
  status: 403,
  title: 'The tool may not be called',
  explanation:
    'No grant allows the user to call the tool, a grant denies it, or a person did. The detail says which, and who can change it.',
});

export const toolDisabled = problemType({
  slug: 'tool-disabled',
  status: 409,
  title: 'The tool is switched off',
  explanation: 'The tool, or the server it belongs to, is switched off or cannot be reached. The detail says which.',
});

export const toolQuotaExceeded = problemType({
  slug: 'tool-quota-exceeded',
  status: 429,
  title: 'The quota of the tool is used up',
  explanation:
    'The grant that allows the call allows only so many an hour or a day. Wait for the seconds in Retry-After.',
});

export const toolApprovalNeeded = problemType({
  slug: 'tool-approval-needed',
  status: 409,
  title: 'A person must approve the call',
  explanation: 'The call is of high risk and was made where nobody can be asked. Call the tool from a run.',
});

export const toolInDoubt = problemType({
  slug: 'tool-in-doubt',
  status: 409,
  title: 'The call is in doubt',
  explanation:
    'The process died after it had sent the call and before it knew the answer. The tool may have taken effect, so it is not called again by itself.',
});

export const toolCallChanged = problemType({
  slug: 'tool-call-changed',
  status: 409,
  title: 'Another call than before',
  explanation: 'A call of this id was made before with another tool or other arguments. It is not made again.',
});
