import type { WireProtocol } from '../wire/wire-protocol.js';
import { AnthropicDecoder } from './anthropic-decoder.js';
import { anthropicRequest } from './anthropic-request.js';

/** Anthropic's Messages API; `maxTokensOf` is what a model may write when the request sets no limit. */
export function anthropicProtocol(maxTokensOf: (model: string) => number): WireProtocol {
  return {
    path: '/v1/messages',
    body: (request) => anthropicRequest(request, maxTokensOf(request.model)),
    decoder: (upstream) => new AnthropicDecoder(upstream),
  };
}
