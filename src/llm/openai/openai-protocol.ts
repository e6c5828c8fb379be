import type { WireProtocol } from '../wire/wire-protocol.js';
import { OpenAIDecoder } from './openai-decoder.js';
import { openAIRequest, type OpenAIDialect } from './openai-request.js';

/** Chat completions, the protocol of OpenAI and of most other servers. */
export function openAIProtocol(dialect: OpenAIDialect): WireProtocol {
  return {
    path: '/chat/completions',
    body: (request) => openAIRequest(request, dialect),
    decoder: (upstream) => new OpenAIDecoder(upstream),
  };
}
