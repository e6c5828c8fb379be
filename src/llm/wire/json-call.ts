import { withoutEnd } from '../../platform/text/without-end.js';
import type { HttpEndpoint } from './http-chat-model.js';
import { retryAfterSeconds } from './retry-after.js';
import type { UpstreamAgent } from './upstream-agent.js';
import type { UpstreamCall } from './upstream-call.js';
import { broken, refusal, type Upstream } from './upstream-failure.js';

/** How much of a refusal's body is read for its message. */
const MAX_REFUSAL_BYTES = 16_384;

export interface JsonCall {
  /** Below the endpoint's base URL. */
  readonly path: string;
  readonly model: string;
  readonly body: object;
  readonly signal: AbortSignal;
}

/** Posts JSON to a provider and reads its whole answer as JSON. @throws Problem or the signal's reason */
export async function postJson(
  agent: UpstreamAgent,
  endpoint: HttpEndpoint,
  { path, model, body, signal }: JsonCall,
): Promise<unknown> {
  signal.throwIfAborted();
  const upstream: Upstream = { ...endpoint, model };
  const url = new URL(endpoint.baseUrl);
  url.pathname = withoutEnd(url.pathname, '/') + path;
  const call = await agent.post(upstream, url, endpoint.headers, body, signal);
  let isComplete = false;
  try {
    const { status, headers } = await call.head();
    if (status !== 200) {
      const said = await bodyOf(call, MAX_REFUSAL_BYTES).catch(() => '');
      throw refusal(upstream, status, said, retryAfterSeconds(headers, Date.now()));
    }
    const text = await bodyOf(call, Infinity);
    isComplete = true;
    return parsed(text, upstream);
  } finally {
    call.release(isComplete);
  }
}

/** The beginning of the body, of at least `bytes` when it is that long. */
async function bodyOf(call: UpstreamCall, bytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for (let chunks = await call.read(); chunks !== undefined && size < bytes; chunks = await call.read()) {
    parts.push(...chunks);
    size += chunks.reduce((sum, { length }) => sum + length, 0);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parsed(text: string, upstream: Upstream): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw broken(upstream, 'is not readable as JSON', error);
  }
}
