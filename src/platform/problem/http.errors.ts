import { problemType, type FieldFault } from './problem.js';

export const malformedJson = problemType({
  slug: 'malformed-json',
  status: 400,
  title: 'Malformed JSON',
  explanation: 'The body could not be read as JSON. Send one JSON object in UTF-8.',
});

export const badRequest = problemType({
  slug: 'bad-request',
  status: 400,
  title: 'Bad request',
  explanation: 'The request itself is not well formed, for example its path or its headers.',
});

export const unauthenticated = problemType({
  slug: 'unauthenticated',
  status: 401,
  title: 'Not authenticated',
  explanation:
    'The request carries no valid access token or API key. Log in or refresh the token and send it as "Authorization: Bearer <token>".',
});

export const forbidden = problemType({
  slug: 'forbidden',
  status: 403,
  title: 'Not allowed',
  explanation: "The caller is known, but the caller's role or key scope does not permit this act in this workspace.",
});

export const notFound = problemType({
  slug: 'not-found',
  status: 404,
  title: 'Not found',
  explanation: 'Nothing with this address or id exists in the workspace. Things of other workspaces answer the same.',
});

export const methodNotAllowed = problemType({
  slug: 'method-not-allowed',
  status: 405,
  title: 'Method not allowed',
  explanation: 'The address exists, but not with this method. The Allow header lists the methods that do.',
});

export const conflict = problemType({
  slug: 'conflict',
  status: 409,
  title: 'Conflict',
  explanation: 'The request contradicts the present state of the resource. Read it again and decide anew.',
});

export const preconditionFailed = problemType({
  slug: 'precondition-failed',
  status: 412,
  title: 'Precondition failed',
  explanation: 'If-Match names a version that is no longer current. Read the resource again and repeat the change.',
});

export const payloadTooLarge = problemType({
  slug: 'payload-too-large',
  status: 413,
  title: 'Payload too large',
  explanation: 'The body exceeds the limit of BODY_LIMIT_BYTES (1 MiB by default).',
});

export const unsupportedMediaType = problemType({
  slug: 'unsupported-media-type',
  status: 415,
  title: 'Unsupported media type',
  explanation: 'Bodies are JSON: send "Content-Type: application/json" in UTF-8.',
});

const invalid = problemType({
  slug: 'validation-failed',
  status: 422,
  title: 'Validation failed',
  explanation:
    'The request is well formed, but some values are not acceptable. "errors" lists every fault with its JSON pointer.',
});

/** A 422 that lists every fault at once. */
export const validationFailed = (errors: readonly FieldFault[]) =>
  invalid(
    errors
      .map(({ pointer, detail }) => `${pointer || 'body'}: ${detail}`)
      .join('; ')
      .slice(0, 2000),
    {
      extensions: { errors },
    },
  );

export const tooManyRequests = problemType({
  slug: 'too-many-requests',
  status: 429,
  title: 'Too many requests',
  explanation: 'A request limit was reached. Wait for the seconds in Retry-After.',
});

export const internal = problemType({
  slug: 'internal',
  status: 500,
  title: 'Internal error',
  explanation: 'Something went wrong on our side. The trace id finds it in the logs.',
});

export const unavailable = problemType({
  slug: 'unavailable',
  status: 503,
  title: 'Temporarily unavailable',
  explanation:
    'The service, or a part it needs such as the database, cannot answer right now. Repeat the request after Retry-After.',
});
