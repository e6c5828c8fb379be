import { problemType } from '../problem/problem.js';

export const idempotencyKeyInvalid = problemType({
  slug: 'idempotency-key-invalid',
  status: 400,
  title: 'Idempotency-Key not usable',
  explanation: 'An Idempotency-Key is 1 to 255 printable ASCII characters; a UUID does.',
});

export const idempotencyKeyReused = problemType({
  slug: 'idempotency-key-reused',
  status: 422,
  title: 'Idempotency-Key used for another request',
  explanation: 'The key was already sent to this route with another body. Use a new key for a new request.',
});

export const requestInFlight = problemType({
  slug: 'request-in-flight',
  status: 409,
  title: 'The same request is still in flight',
  explanation: 'A request with this Idempotency-Key is being answered right now. Repeat it after Retry-After.',
});
