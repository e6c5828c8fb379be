import type { Request as HttpRequest } from 'express';

/** What the protocol reads of a request. Credentials stay behind: who calls is known by now. */
const HEADERS = ['accept', 'content-type', 'mcp-protocol-version', 'mcp-session-id', 'mcp-method', 'mcp-name'];

/** The request without its body, which has been read, as the web's API has it. */
export function webRequest(request: HttpRequest, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const name of HEADERS) {
    const value = request.get(name);
    if (value !== undefined) headers.set(name, value);
  }
  return new Request('http://chatter.invalid/mcp', { method: request.method, headers, signal });
}
