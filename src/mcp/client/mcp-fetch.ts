import { Injectable } from '@nestjs/common';
import { EgressFetch, type FetchLike } from '../../security/egress/egress-fetch.js';
import { McpClientConfig } from './mcp-client.config.js';

/** Until an answer begins. Longer than a tool may take: its caller's signal ends a call before. */
const TIMEOUT_MS = 330_000;
/** Of one stream, after which it is read anew. */
const STREAM_FACTOR = 16;

/** The way out for the SDK: every request passes the egress guard, whatever address a server's answer made up. */
@Injectable()
export class McpFetch {
  readonly fetch: FetchLike;

  constructor(egress: EgressFetch, { maxResponseBytes }: McpClientConfig) {
    this.fetch = egress.under({
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes,
      maxStreamBytes: STREAM_FACTOR * maxResponseBytes,
    });
  }
}
