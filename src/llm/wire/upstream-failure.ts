import { Problem, type ProblemMaker } from '../../platform/problem/problem.js';
import {
  modelAuthenticationFailed,
  modelRateLimited,
  modelRejected,
  modelStreamBroken,
  modelTimeout,
  modelUnavailable,
  modelUnknown,
} from '../llm.errors.js';
import { providerMessage } from './provider-message.js';

/** Who was asked, for the sentences of a failure. */
export interface Upstream {
  readonly provider: string;
  readonly model: string;
  /** What to correct: environment variables of the operator, or the workspace's key. */
  readonly keyVariable: string;
  readonly baseUrlVariable: string;
  /** What must never appear in a sentence. */
  readonly secrets: readonly string[];
}

/** A request's upstream: whose key it carries decides who would correct it. */
export function upstreamOf(
  endpoint: Omit<Upstream, 'model'>,
  { model, apiKey }: { readonly model: string; readonly apiKey?: string },
): Upstream {
  if (apiKey === undefined) return { ...endpoint, model };
  return { ...endpoint, model, keyVariable: WORKSPACE_KEY, secrets: [...endpoint.secrets, apiKey] };
}

const WORKSPACE_KEY = "the workspace's key of it, in GET /api/v1/secrets";

/** Asked of a model without a Retry-After of its own, in seconds. */
const DEFAULT_RETRY_AFTER = 5;

/** The problem behind an HTTP status other than 200. `body` may be cut. */
export function refusal(upstream: Upstream, status: number, body: string, retryAfter?: number): Problem {
  const { provider, model, keyVariable, baseUrlVariable } = upstream;
  const said = saying(providerMessage(body, upstream.secrets));
  if (status === 401 || status === 402 || status === 403)
    return problem(
      modelAuthenticationFailed,
      upstream,
      `${provider} refused the configured account with status ${status}${said} Check ${keyVariable}.`,
      status,
    );
  if (status === 404)
    return problem(
      modelUnknown,
      upstream,
      `${provider} knows no model "${model}" (status 404)${said} Choose one of GET /api/v1/models, or check ${baseUrlVariable}.`,
      status,
    );
  if (status === 429)
    return problem(
      modelRateLimited,
      upstream,
      `${provider} limits the rate of "${model}"${said} Wait, or choose another model.`,
      status,
      retryAfter ?? DEFAULT_RETRY_AFTER,
    );
  if (status >= 300 && status < 400)
    return problem(
      modelUnavailable,
      upstream,
      `${provider} answered with a redirect (status ${status}), which is not followed. Check ${baseUrlVariable}.`,
      status,
    );
  if (status >= 500 || status === 408 || status === 409 || status === 425)
    return problem(
      modelUnavailable,
      upstream,
      `${provider} failed with status ${status}${said} Repeat the request later.`,
      status,
      retryAfter,
    );
  if (status >= 400)
    return problem(
      modelRejected,
      upstream,
      `${provider} rejected the request to "${model}" with status ${status}${said}`,
      status,
    );
  return problem(
    modelUnavailable,
    upstream,
    `${provider} answered with the unexpected status ${status}. Check ${baseUrlVariable}.`,
    status,
  );
}

/** The provider reported a failure inside its stream; `status` is its kind, as an HTTP status. */
export function reportedFailure(upstream: Upstream, status: number, body: string): Problem {
  return refusal(upstream, status >= 400 && status <= 599 ? status : 503, body);
}

/** No connection, or it broke before the answer's head. */
export function unreachable(upstream: Upstream, cause: unknown): Problem {
  const { provider, baseUrlVariable } = upstream;
  return problem(
    modelUnavailable,
    upstream,
    `${provider} cannot be reached (${codeOf(cause)}). Check ${baseUrlVariable} or repeat the request.`,
    undefined,
    undefined,
    cause,
  );
}

/** The answer is incomplete or not readable; `reason` completes "The answer of x ...". */
export function broken(upstream: Upstream, reason: string, cause?: unknown): Problem {
  return problem(
    modelStreamBroken,
    upstream,
    `The answer of ${upstream.provider}:${upstream.model} ${reason}. Ask again.`,
    undefined,
    undefined,
    cause,
  );
}

/** The connection broke in the middle of the answer. */
export const cut = (upstream: Upstream, cause: unknown): Problem =>
  broken(upstream, `broke off (${codeOf(cause)})`, cause);

export function tooSlow(upstream: Upstream, what: 'first token' | 'next token', milliseconds: number): Problem {
  const variable = what === 'first token' ? 'MODEL_FIRST_TOKEN_TIMEOUT_MS' : 'MODEL_IDLE_TIMEOUT_MS';
  return problem(
    modelTimeout,
    upstream,
    `${upstream.provider}:${upstream.model} sent no ${what} within ${milliseconds} ms. Ask again, or raise ${variable}.`,
  );
}

function problem(
  make: ProblemMaker,
  { provider, model }: Upstream,
  detail: string,
  upstreamStatus?: number,
  retryAfter?: number,
  cause?: unknown,
): Problem {
  return make(detail, {
    extensions: { model: `${provider}:${model}`, ...(upstreamStatus === undefined ? {} : { upstreamStatus }) },
    headers: retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) },
    cause,
  });
}

const saying = (message: string): string =>
  message === '' ? '.' : `: ${message}${/[.!?…]$/.test(message) ? '' : '.'}`;

function codeOf(cause: unknown): string {
  const { code, name } =
    typeof cause === 'object' && cause !== null ? (cause as { code?: unknown; name?: unknown }) : {};
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown reason';
}
