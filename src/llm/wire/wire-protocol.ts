import type { ChatDelta, ChatRequest } from '../chat-model.js';
import type { Upstream } from './upstream-failure.js';

/** One provider's dialect over HTTP: how a request is written and how the bytes of its answer are read. */
export interface WireProtocol {
  /** Where requests go, below the base URL. */
  readonly path: string;
  /** The JSON body of a streaming request. */
  body(request: ChatRequest): object;
  /** The reader of one answer. */
  decoder(upstream: Upstream): WireDecoder;
}

/** Reads the bytes of one answer. Its methods throw the provider's in-stream errors as problems. */
export interface WireDecoder {
  /** `finish` has been appended: nothing that still arrives matters. */
  readonly finished: boolean;
  /** Appends the deltas that these bytes complete. */
  read(bytes: Uint8Array, into: ChatDelta[]): void;
  /** The body ended properly. Appends the rest; `finished` stays false when the answer was not complete. */
  end(into: ChatDelta[]): void;
}

/** Longest event or line an upstream may send, in characters: whole tool arguments may come in one. */
export const MAX_EVENT_LENGTH = 1_048_576;
