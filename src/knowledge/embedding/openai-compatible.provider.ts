import { z } from 'zod';
import { OpenAICompatibleConfig } from '../../llm/providers/openai-compatible.provider.js';
import type { HttpEndpoint } from '../../llm/wire/http-chat-model.js';
import { postJson } from '../../llm/wire/json-call.js';
import { UpstreamAgent } from '../../llm/wire/upstream-agent.js';
import { embeddingFailed } from '../knowledge.errors.js';
import { EmbeddingProvider, type EmbeddingModel, type EmbeddingPlugin } from './embedding-provider.js';

const Answer = z.object({
  data: z.array(z.object({ index: z.number().int().min(0), embedding: z.array(z.number()) })),
});

/** Models behind `POST /embeddings` as OpenAI has it: the server of OPENAI_COMPATIBLE_BASE_URL. */
@EmbeddingProvider({ name: 'openai-compatible', configuredBy: ['OPENAI_COMPATIBLE_BASE_URL'] })
export class OpenAICompatibleEmbeddings implements EmbeddingPlugin {
  constructor(
    private readonly config: OpenAICompatibleConfig,
    private readonly agent: UpstreamAgent,
  ) {}

  isConfigured(): boolean {
    return this.config.baseUrl !== undefined;
  }

  model(name: string): EmbeddingModel {
    return {
      similarity: { unrelated: 0.1, same: 0.7 },
      batch: 64,
      embed: (texts, _, signal) => this.embed(name, texts, signal),
    };
  }

  private async embed(model: string, texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]> {
    const body = { model, input: texts, encoding_format: 'float' };
    const answer = Answer.safeParse(
      await postJson(this.agent, this.endpoint(), { path: '/embeddings', model, body, signal }),
    );
    if (!answer.success)
      throw embeddingFailed(`The answer of "openai-compatible:${model}" holds no embeddings.`, { cause: answer.error });
    return answer.data.data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => Float32Array.from(embedding));
  }

  private endpoint(): HttpEndpoint {
    const { baseUrl = '', apiKey, headers } = this.config;
    return {
      provider: 'openai-compatible',
      baseUrl,
      headers: {
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        ...Object.fromEntries(headers),
      },
      keyVariable: 'OPENAI_COMPATIBLE_API_KEY',
      baseUrlVariable: 'OPENAI_COMPATIBLE_BASE_URL',
      secrets: [apiKey ?? '', ...headers.map(([, value]) => value)],
    };
  }
}
