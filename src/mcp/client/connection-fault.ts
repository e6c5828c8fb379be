import { Problem } from '../../platform/problem/problem.js';
import { egressRefused, httpRequestTimeout, httpResponseTooLarge } from '../../security/egress/egress.errors.js';
import { AuthorizationError } from './authorization-error.js';
import { FloodError } from './flood-guard.js';

/**
 * What is wrong with a server, as sentences for whoever reads its status. Nothing of what the server says is in it, nor
 * of its URL but the host: either may hold a secret.
 */
export function faultSentence(error: unknown): string {
  const chain = [...causesOf(error)];
  for (const cause of chain) {
    if (cause instanceof AuthorizationError || cause instanceof FloodError) return cause.message;
    if (cause instanceof Problem) return problemSentence(cause);
  }
  for (const cause of chain) {
    const { status, code } = factsOf(cause);
    if (status !== undefined) return `It answered with HTTP status ${status}.`;
    const known = code === undefined ? undefined : SENTENCES.get(code);
    if (known !== undefined) return known;
  }
  const code = chain.map((cause) => factsOf(cause).code).find((found) => found !== undefined);
  return code === undefined ? 'It cannot be reached.' : `It cannot be reached (${code}).`;
}

/** Whether the connection is to blame, and not what was asked over it: a server that answers with an error is there. */
export function isConnectionFault(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  if (error.name === 'ProtocolError' || Problem.is(error, httpResponseTooLarge)) return false;
  const { code, status } = factsOf(error);
  return status !== undefined || code === undefined || !ANSWERED.has(code);
}

/** Whether the server does not know the session any more, which it tells before it does anything. */
export function isSessionForgotten(error: unknown): boolean {
  return error instanceof Error && !(error instanceof Problem) && factsOf(error).status === 404;
}

/** What this server itself refused to do on the way: an address, a secret. */
export function refusalIn(error: unknown): Problem | undefined {
  const problem = [...causesOf(error)].find((cause) => cause instanceof Problem);
  return problem && (Problem.is(problem, egressRefused) || isAboutSecret(problem)) ? problem : undefined;
}

const isAboutSecret = ({ type }: Problem): boolean => type.slug.startsWith('secret-');

/** Codes of the SDK with which a server has answered, if with nonsense. */
const ANSWERED: ReadonlySet<string> = new Set([
  'INVALID_RESULT',
  'UNSUPPORTED_RESULT_TYPE',
  'INPUT_REQUIRED_ROUNDS_EXCEEDED',
  'METHOD_NOT_SUPPORTED_BY_PROTOCOL_VERSION',
]);

const SENTENCES: ReadonlyMap<string, string> = new Map([
  ['REQUEST_TIMEOUT', 'It did not answer in time.'],
  ['CONNECTION_CLOSED', 'It closed the connection.'],
  ['INVALID_RESULT', 'It answers with what is no MCP.'],
  ['UNSUPPORTED_RESULT_TYPE', 'It answers with what is no MCP.'],
  ['LIST_PAGINATION_EXCEEDED', 'Its list of tools does not end.'],
  ['CLIENT_HTTP_UNEXPECTED_CONTENT', 'It answers with what is no MCP.'],
  ['ENOENT', 'Its command is not there.'],
  ['EACCES', 'Its command may not be run.'],
]);

function problemSentence(problem: Problem): string {
  const { slug } = problem.type;
  if (slug === egressRefused.type.slug || isAboutSecret(problem)) return problem.detail;
  if (slug === httpResponseTooLarge.type.slug) return 'It answers with more bytes than MCP_MAX_RESPONSE_BYTES.';
  return slug === httpRequestTimeout.type.slug ? 'It did not answer in time.' : 'It cannot be reached.';
}

function* causesOf(error: unknown): Generator<unknown> {
  let cause = error;
  for (let depth = 0; depth < 6 && typeof cause === 'object' && cause !== null; depth++) {
    yield cause;
    const { cause: own, data } = cause as { cause?: unknown; data?: { cause?: unknown } };
    cause = own ?? data?.cause;
  }
}

function factsOf(cause: unknown): { readonly status?: number; readonly code?: string } {
  const { status, code, data } = cause as { status?: unknown; code?: unknown; data?: { status?: unknown } };
  const http = typeof status === 'number' ? status : data?.status;
  return {
    ...(typeof http === 'number' && { status: http }),
    ...(typeof code === 'string' && /^\w{1,60}$/.test(code) && { code }),
  };
}
