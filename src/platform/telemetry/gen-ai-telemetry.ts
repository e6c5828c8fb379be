import { SpanKind } from '@opentelemetry/api';
import { Injectable } from '@nestjs/common';
import { Problem } from '../problem/problem.js';
import { Meters } from './meters.js';
import type { TraceSpan } from './trace-span.js';
import { Tracing } from './tracing.js';

/** What is told of a call of a model while it goes on. */
export interface ModelCallObserver {
  /** The first delta is there. */
  first(): void;
  used(usage: { readonly inputTokens: number; readonly outputTokens: number }): void;
  finished(reason: string): void;
  /** The call is over, by `error` when there is one. Once. */
  end(error?: unknown): void;
}

export interface ModelCallFacts {
  readonly provider: string;
  /** The name at the provider. */
  readonly model: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
}

const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const FIRST_SECONDS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const TOKENS = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];

/** Names of providers that OpenTelemetry has other names for. */
const PROVIDERS: Readonly<Record<string, string>> = { google: 'gcp.gemini' };

/**
 * Traces and measures calls of models and tools by the conventions of OpenTelemetry for generative AI
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/). Never what is said in them.
 */
@Injectable()
export class GenAiTelemetry {
  private readonly durations;
  private readonly firsts;
  private readonly tokens;
  private readonly tools;

  constructor(
    private readonly tracing: Tracing,
    private readonly meters: Meters,
  ) {
    const labels = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const;
    this.durations = meters.duration(
      'gen_ai_client_operation_duration_seconds',
      'Duration of calls of models.',
      [...labels, 'error_type'],
      SECONDS,
    );
    this.firsts = meters.duration(
      'gen_ai_client_operation_time_to_first_chunk_seconds',
      'Time from the call of a model to its first delta.',
      labels,
      FIRST_SECONDS,
    );
    this.tokens = meters.duration(
      'gen_ai_client_token_usage',
      'Tokens of calls of models.',
      [...labels, 'gen_ai_token_type'],
      TOKENS,
    );
    this.tools = meters.duration(
      'gen_ai_execute_tool_duration_seconds',
      'Duration of calls of tools.',
      ['error_type'],
      SECONDS,
    );
  }

  /** A model is called now. */
  modelCall({ provider: name, model, temperature, maxTokens }: ModelCallFacts): ModelCallObserver {
    const startedAt = performance.now();
    const provider = Object.hasOwn(PROVIDERS, name) ? (PROVIDERS[name] ?? name) : name;
    const span = this.tracing.start(`chat ${model}`, {
      kind: SpanKind.CLIENT,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': provider,
        'gen_ai.request.model': model,
        ...(temperature !== undefined && { 'gen_ai.request.temperature': temperature }),
        ...(maxTokens !== undefined && { 'gen_ai.request.max_tokens': maxTokens }),
      },
    });
    const labels = {
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: provider,
      gen_ai_request_model: this.meters.bounded('model', model),
    };
    return {
      first: () => this.firsts.observe(labels, secondsSince(startedAt)),
      used: ({ inputTokens, outputTokens }) => {
        this.tokens.observe({ ...labels, gen_ai_token_type: 'input' }, inputTokens);
        this.tokens.observe({ ...labels, gen_ai_token_type: 'output' }, outputTokens);
        span?.set({ 'gen_ai.usage.input_tokens': inputTokens, 'gen_ai.usage.output_tokens': outputTokens });
      },
      finished: (reason) => span?.set({ 'gen_ai.response.finish_reasons': [reason] }),
      end: (error) => {
        const errorType = this.errorTypeOf(error);
        this.durations.observe({ ...labels, error_type: errorType ?? '' }, secondsSince(startedAt));
        span?.end(errorType);
      },
    };
  }

  /** Calls a tool: `work`, which answers or throws, is inside of the span. */
  async toolCall<Result>(
    { tool, callId }: { readonly tool: string; readonly callId: string },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const startedAt = performance.now();
    const span = this.tracing.start(`execute_tool ${tool}`, {
      attributes: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': tool,
        'gen_ai.tool.call.id': callId,
      },
    });
    const end = (error?: unknown): void => this.endTool(startedAt, span, error);
    try {
      const result = await this.tracing.within(span, work);
      end();
      return result;
    } catch (error) {
      end(error);
      throw error;
    }
  }

  private endTool(startedAt: number, span: TraceSpan | undefined, error: unknown): void {
    const errorType = this.errorTypeOf(error);
    this.tools.observe({ error_type: errorType ?? '' }, secondsSince(startedAt));
    span?.end(errorType);
  }

  /** The slug of a problem; of anything else no words. */
  private errorTypeOf(error: unknown): string | undefined {
    if (error === undefined) return undefined;
    return this.meters.bounded('error', error instanceof Problem ? error.type.slug : '_OTHER');
  }
}

const secondsSince = (startedAt: number): number => (performance.now() - startedAt) / 1_000;
