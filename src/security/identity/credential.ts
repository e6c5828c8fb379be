import type { IncomingHttpHeaders } from 'node:http';
import { isApiKeyText } from './secret-text.js';

/** What a request carries to prove who sends it. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'accessToken'; readonly token: string }
  | { readonly kind: 'apiKey'; readonly key: string }
  | { readonly kind: 'unusable'; readonly detail: string };

/** The bearer syntax of RFC 6750, one blank after the scheme. */
const BEARER = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i;

/** Reads `Authorization: Bearer` (access token or API key) or `X-API-Key`; never both. */
export function credentialOf(headers: IncomingHttpHeaders): Credential {
  const { authorization } = headers;
  const key = headers['x-api-key'];
  if (authorization !== undefined && key !== undefined)
    return unusable('Send one credential: Authorization or X-API-Key, not both.');
  if (key !== undefined)
    return typeof key === 'string' && isApiKeyText(key)
      ? { kind: 'apiKey', key }
      : unusable('X-API-Key holds no API key.');
  if (authorization === undefined) return { kind: 'none' };
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) return unusable('The Authorization header is not "Bearer <access token or API key>".');
  return isApiKeyText(token) ? { kind: 'apiKey', key: token } : { kind: 'accessToken', token };
}

const unusable = (detail: string): Credential => ({ kind: 'unusable', detail });
