import type { TokenUsage } from '../../llm/chat-model.js';

/** The sum of two usages. */
export function sum(left: TokenUsage | undefined, right: TokenUsage): TokenUsage {
  if (!left) return right;
  return {
    inputTokens: left.inputTokens + right.inputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    totalTokens: left.totalTokens + right.totalTokens,
  };
}
