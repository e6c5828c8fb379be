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
  const call: Api['call'] = async (method, path, { as, body, headers } = {}) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...as?.headers, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
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
