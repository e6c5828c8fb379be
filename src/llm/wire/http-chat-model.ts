import { withoutEnd } from '../../platform/text/without-end.js';
import type { ChatDelta, ChatModel, ChatRequest } from '../chat-model.js';
import { LineTooLongError } from './line-splitter.js';
import { retryAfterSeconds } from './retry-after.js';
import type { UpstreamAgent } from './upstream-agent.js';
import type { UpstreamCall } from './upstream-call.js';
import { broken, refusal, upstreamOf, type Upstream } from './upstream-failure.js';
import type { WireDecoder, WireProtocol } from './wire-protocol.js';

export interface HttpEndpoint extends Omit<Upstream, 'model'> {
  readonly baseUrl: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The headers by which a request's own key replaces the one in `headers`. Absent: it takes none. */
  readonly keyHeaders?: (key: string) => Readonly<Record<string, string>>;
}

/** How much of a refusal's body is read for its message. */
const MAX_REFUSAL_BYTES = 16_384;

/** A model behind HTTP: one POST a call, the body decoded as it arrives. */
export class HttpChatModel implements ChatModel {
  private readonly url: URL;

  constructor(
    private readonly endpoint: HttpEndpoint,
    private readonly protocol: WireProtocol,
    private readonly agent: UpstreamAgent,
  ) {
    this.url = new URL(endpoint.baseUrl);
    this.url.pathname = withoutEnd(this.url.pathname, '/') + protocol.path;
  }

  async *stream(request: ChatRequest): AsyncGenerator<readonly ChatDelta[]> {
    request.signal.throwIfAborted();
    const upstream = upstreamOf(this.endpoint, request);
    const call = await this.agent.post(
      upstream,
      this.url,
      headersOf(this.endpoint, request),
      this.protocol.body(request),
      request.signal,
    );
    const decoder = this.protocol.decoder(upstream);
    try {
      const { status, headers } = await call.head();
      if (status !== 200)
        throw refusal(upstream, status, await refusalText(call), retryAfterSeconds(headers, Date.now()));
      while (!decoder.finished) {
        const chunks = await call.read();
        const batch = decode(upstream, decoder, chunks);
        if (batch.length > 0) {
          call.begin();
          yield batch;
        }
        if (chunks === undefined && !decoder.finished) throw broken(upstream, 'ended before it was complete');
      }
    } finally {
      call.release(decoder.finished);
    }
  }
}

const headersOf = ({ headers, keyHeaders }: HttpEndpoint, { apiKey }: ChatRequest): HttpEndpoint['headers'] =>
  apiKey === undefined ? headers : { ...headers, ...keyHeaders?.(apiKey) };

function decode(
  upstream: Upstream,
  decoder: WireDecoder,
  chunks: readonly Uint8Array[] | undefined,
): readonly ChatDelta[] {
  const batch: ChatDelta[] = [];
  try {
    if (chunks === undefined) decoder.end(batch);
    else for (const chunk of chunks) decoder.read(chunk, batch);
  } catch (error) {
    if (error instanceof SyntaxError) throw broken(upstream, 'is not readable as JSON', error);
    if (error instanceof LineTooLongError) throw broken(upstream, 'holds an event beyond the size limit', error);
    throw error;
  }
  return batch;
}

/** The beginning of a refusal's body; whatever goes wrong meanwhile, the status is what counts. */
async function refusalText(call: UpstreamCall): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (let chunks = await call.read(); chunks !== undefined && size < MAX_REFUSAL_BYTES; chunks = await call.read()) {
      parts.push(...chunks);
      size += chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    }
  } catch {
    return '';
  }
  return Buffer.concat(parts).toString('utf8', 0, MAX_REFUSAL_BYTES);
}
