import { problemType } from '../platform/problem/problem.js';

export const modelUnknown = problemType({
  slug: 'model-unknown',
  status: 422,
  title: 'Unknown model',
  explanation:
    'No configured provider offers a model of this name. GET /api/v1/models lists the names that work, as "provider:model".',
});

export const modelNotConfigured = problemType({
  slug: 'model-not-configured',
  status: 422,
  title: 'Model provider not configured',
  explanation:
    'The provider of this model exists, but the operator has not configured it. Set the variable that the detail names, or choose a model of GET /api/v1/models.',
});

export const modelAuthenticationFailed = problemType({
  slug: 'model-authentication-failed',
  status: 502,
  title: 'Model provider refused our credentials',
  explanation:
    "The provider refused the configured key, or the key's account may not use this model. The operator must check the key.",
});

export const modelRateLimited = problemType({
  slug: 'model-rate-limited',
  status: 429,
  title: 'Model provider limits the rate',
  explanation: "The provider's rate or quota is used up. Wait for the seconds in Retry-After, or choose another model.",
});

export const modelUnavailable = problemType({
  slug: 'model-unavailable',
  status: 503,
  title: 'Model provider unavailable',
  explanation:
    'The provider cannot be reached or answered with a failure of its own. Repeat the request later, or choose another model.',
});

export const modelTimeout = problemType({
  slug: 'model-timeout',
  status: 504,
  title: 'Model took too long',
  explanation:
    'The model sent no first token within MODEL_FIRST_TOKEN_TIMEOUT_MS, or fell silent for MODEL_IDLE_TIMEOUT_MS in the middle of its answer.',
});

export const modelStreamBroken = problemType({
  slug: 'model-stream-broken',
  status: 502,
  title: 'Model answer broke off',
  explanation:
    'The answer ended before it was complete, or was not readable. What had arrived is kept with the run; ask again.',
});

export const modelRejected = problemType({
  slug: 'model-rejected',
  status: 422,
  title: 'Model rejected the request',
  explanation:
    'The provider refused the request as such, for example because the messages exceed the context window or a parameter is not supported by the model.',
});

export const contextExceeded = problemType({
  slug: 'context-exceeded',
  status: 422,
  title: 'Too long for the model',
  explanation:
    "The message, with what the workflow adds to it, does not fit into the model's context window, even without any earlier message. Shorten it, lower maxTokens, or choose a model with a larger context window: GET /api/v1/models tells it.",
});
