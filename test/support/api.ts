import type { Answer, RequestParts, SignedIn } from './app.js';

/** The HTTP API of a server at `url`, in this process or another. */
export interface Api {
  /** Origin, without a trailing slash. */
  readonly url: string;
  /** A request to a path below /api/v1. */
  call(method: string, path: string, parts?: RequestParts): Promise<Answer>;
  /** A fresh user. */
  register(email?: string): Promise<SignedIn>;
}

let registered = 0;

export function apiOf(url: string): Api {
  const call: Api['call'] = async (method, path, { as, body: sent, headers, readMs } = {}) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...(sent === undefined ? {} : { 'Content-Type': 'application/json' }), ...as?.headers, ...headers },
      body: sent === undefined ? undefined : JSON.stringify(sent),
    });
    const text = await textOf(response, readMs);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const body = text === '' ? undefined : isStream ? text : JSON.parse(text);
    return { status: response.status, headers: response.headers, body };
  };
  const register: Api['register'] = async (email = `user${++registered}.${process.pid}.${Date.now()}@example.com`) => {
    const password = 'correct horse battery';
    const { status, body } = await call('POST', '/auth/register', { body: { email, password } });
    if (status !== 201) throw new Error(`Registration answered ${status}: ${JSON.stringify(body)}`);
    const { user, accessToken, refreshToken } = body;
    return { user, password, token: accessToken, refreshToken, headers: { Authorization: `Bearer ${accessToken}` } };
  };
  return { url, call, register };
}

/** The text of an answer; with `readMs`, what has come of it by then. */
export async function textOf(response: Response, readMs?: number): Promise<string> {
  if (readMs === undefined || !response.body) return response.text();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), readMs);
  let text = '';
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) text += step.value;
  } finally {
    clearTimeout(timer);
  }
  return text;
}
