import { problemType } from '../../platform/problem/problem.js';

export const egressRefused = problemType({
  slug: 'egress-refused',
  status: 422,
  title: 'Outgoing request refused',
  explanation:
    'This server sends requests only over http or https, without credentials in the URL, to public addresses at allowed ports, and to what the operator lists in EGRESS_ALLOW. The detail names the address and what is wrong with it.',
});

export const httpRequestFailed = problemType({
  slug: 'http-request-failed',
  status: 502,
  title: 'Outgoing request failed',
  explanation:
    'The other server could not be reached, broke off, or answered with something that cannot be read. An answer with any HTTP status is no failure.',
});

export const httpRequestTimeout = problemType({
  slug: 'http-request-timeout',
  status: 504,
  title: 'Outgoing request took too long',
  explanation:
    'The other server did not answer in full within the time of the request. Raise its timeoutMs, or ask for less.',
});

export const httpResponseTooLarge = problemType({
  slug: 'http-response-too-large',
  status: 502,
  title: 'Response too large',
  explanation: 'The other server answered with more bytes than are accepted, counted after decompression.',
});
