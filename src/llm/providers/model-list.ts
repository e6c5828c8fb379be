import type { ModelDescription } from '../model-provider.js';

/** A model that can call tools and write structured output, as nearly all of today's do. */
export function capable(
  name: string,
  title: string,
  contextWindow: number,
  maxOutputTokens: number,
  vision = true,
): ModelDescription {
  return { name, title, contextWindow, maxOutputTokens, capabilities: { tools: true, structuredOutput: true, vision } };
}

/** What is assumed of a model that is known by name only: the context window is a careful guess. */
export function namedOnly(name: string, contextWindow = 32_768): ModelDescription {
  return { ...ofWindow(name, contextWindow), isAssumed: true };
}

/** What is assumed of a model whose context window is known. */
export function ofWindow(name: string, contextWindow: number): ModelDescription {
  return { name, contextWindow, capabilities: { tools: true, structuredOutput: true } };
}

/** The models an operator names in a list, with what is known about them; else all that are known. */
export function offered(known: readonly ModelDescription[], named: readonly string[]): readonly ModelDescription[] {
  if (named.length === 0) return known;
  return named.map((name) => known.find((model) => model.name === name) ?? namedOnly(name));
}
