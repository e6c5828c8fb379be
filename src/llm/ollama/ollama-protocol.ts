import type { WireProtocol } from '../wire/wire-protocol.js';
import { OllamaDecoder } from './ollama-decoder.js';
import { ollamaRequest } from './ollama-request.js';

/**
 * Ollama's native chat. Chosen over its OpenAI-compatible endpoint because only here can a request set the context window
 * (`num_ctx`), and because the token counts come with every answer.
 */
export function ollamaProtocol(contextWindow: number): WireProtocol {
  return {
    path: '/api/chat',
    body: (request) => ollamaRequest(request, contextWindow),
    decoder: (upstream) => new OllamaDecoder(upstream),
  };
}
