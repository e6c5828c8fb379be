import type { FetchLike, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { authorizationError } from './authorization-error.js';

export interface HttpEndpoint {
  readonly url: string;
  /** Sent as a bearer token with every request to the URL. */
  readonly token?: string;
  /** The only way out for every request of the transport, those that look for an authorization server included. */
  readonly fetch: FetchLike;
}

/** Streamable HTTP. Redirects are followed within the URL's origin only. */
export async function httpTransport({ url, token, fetch }: HttpEndpoint): Promise<StreamableHTTPClientTransport> {
  const sdk = await import('@modelcontextprotocol/client');
  return new sdk.StreamableHTTPClientTransport(new URL(url), {
    fetch,
    redirectPolicy: 'same-origin',
    onInsufficientScope: 'throw',
    reconnectionOptions: RECONNECTION,
    authProvider: {
      token: async () => token,
      onUnauthorized: async ({ response, serverUrl, fetchFn }) => {
        const { resourceMetadataUrl } = sdk.extractWWWAuthenticateParams(response);
        const signal = AbortSignal.timeout(DISCOVERY_MS);
        const found = await sdk
          .discoverOAuthServerInfo(serverUrl, {
            resourceMetadataUrl,
            fetchFn: (at, init) => fetchFn(at, { ...init, signal }),
          })
          .catch(() => undefined);
        const issuer = found?.authorizationServerMetadata ? found.authorizationServerUrl : undefined;
        throw authorizationError(token !== undefined, issuer);
      },
    },
  });
}

/** For the whole search for an authorization server, of which a sentence is made at most. */
const DISCOVERY_MS = 1_000;

const RECONNECTION = {
  initialReconnectionDelay: 1_000,
  reconnectionDelayGrowFactor: 2,
  maxReconnectionDelay: 30_000,
  maxRetries: 2,
};
