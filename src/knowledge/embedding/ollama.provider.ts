import { z } from 'zod';
import { OllamaConfig } from '../../llm/providers/ollama.provider.js';
import { postJson } from '../../llm/wire/json-call.js';
import { UpstreamAgent } from '../../llm/wire/upstream-agent.js';
import { embeddingFailed } from '../knowledge.errors.js';
import { EmbeddingProvider, type EmbeddingModel, type EmbeddingPlugin } from './embedding-provider.js';

const Answer = z.object({ embeddings: z.array(z.array(z.number())) });

/** Models behind `POST /api/embed` of the Ollama server of OLLAMA_BASE_URL. */
@EmbeddingProvider({ name: 'ollama', configuredBy: ['OLLAMA_BASE_URL'] })
export class OllamaEmbeddings implements EmbeddingPlugin {
  constructor(
    private readonly config: OllamaConfig,
    private readonly agent: UpstreamAgent,
  ) {}

  isConfigured(): boolean {
    return this.config.baseUrl !== undefined;
  }

  model(name: string): EmbeddingModel {
    return {
      similarity: { unrelated: 0.3, same: 0.8 },
      batch: 32,
      embed: (texts, _, signal) => this.embed(name, texts, signal),
    };
  }

  private async embed(model: string, texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]> {
    const { baseUrl = '' } = this.config;
    const endpoint = {
      provider: 'ollama',
      baseUrl,
      headers: {},
      keyVariable: 'OLLAMA_BASE_URL',
      baseUrlVariable: 'OLLAMA_BASE_URL',
      secrets: [],
    };
    const body = { model, input: texts, truncate: true };
    const answer = Answer.safeParse(await postJson(this.agent, endpoint, { path: '/api/embed', model, body, signal }));
    if (!answer.success)
      throw embeddingFailed(`The answer of "ollama:${model}" holds no embeddings.`, { cause: answer.error });
    return answer.data.embeddings.map((embedding) => Float32Array.from(embedding));
  }
}
