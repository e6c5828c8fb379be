import type { Agent } from 'undici';
import { UpstreamCall, type CallLimits } from './upstream-call.js';
import type { Upstream } from './upstream-failure.js';

export interface AgentLimits extends CallLimits {
  readonly connectTimeoutMs: number;
  /** Most connections to one origin; further calls wait for a free one. */
  readonly connections: number;
}

/** Keep-alive connections to every model provider, opened on first use. Redirects are not followed. */
export class UpstreamAgent {
  private agent: Promise<Agent> | undefined;

  constructor(private readonly limits: AgentLimits) {}

  /** Sends a JSON body. The caller releases the call. */
  async post(
    upstream: Upstream,
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: object,
    signal: AbortSignal,
  ): Promise<UpstreamCall> {
    const agent = await (this.agent ??= this.open());
    const call = new UpstreamCall(upstream, this.limits, signal);
    try {
      agent.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        },
        call,
      );
    } catch (error) {
      call.release(false);
      throw error;
    }
    return call;
  }

  /** Closes every connection; calls in flight break off. */
  async onApplicationShutdown(): Promise<void> {
    const { agent } = this;
    this.agent = undefined;
    await (await agent)?.destroy();
  }

  /** The clocks are the call's own: undici's would cost a timer a read and know nothing of tokens. */
  private async open(): Promise<Agent> {
    const { Agent } = await import('undici');
    const { connectTimeoutMs, connections } = this.limits;
    return new Agent({
      connections,
      connectTimeout: connectTimeoutMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 10_000,
      allowH2: false,
    });
  }
}
