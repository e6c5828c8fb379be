import { isTooDeep } from '../../platform/schema/json-depth.js';
import type { EgressResponse } from './egress-client.js';
import type { Headers } from './header-policy.js';

/** A body as it is sent: text as it is, anything else as JSON, with the type that says so unless one is given. */
export function sentContent(given: Headers, body: unknown): { readonly headers: Headers; readonly body?: string } {
  if (body === undefined || body === null) return { headers: given };
  const named = Object.keys(given).some((name) => name.toLowerCase() === 'content-type');
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  return {
    headers: named ? given : { ...given, 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/** A body as it is read: JSON where it says that it is, else text. A body that is not whole is text, whatever it was meant to be. */
export function readContent({
  headers,
  body,
  truncated,
}: Pick<EgressResponse, 'headers' | 'body' | 'truncated'>): unknown {
  const type = headers['content-type'] ?? '';
  const text = textOf(body, type);
  return !truncated && /^application\/(?:[\w.+-]+\+)?json\b/i.test(type) ? jsonOf(text) : text;
}

function textOf(body: Buffer, type: string): string {
  const charset = /;\s*charset="?([\w:-]{1,40})/i.exec(type)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isTooDeep(value) ? text : value;
  } catch {
    return text;
  }
}
