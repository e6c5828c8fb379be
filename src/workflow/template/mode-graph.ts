import type { z } from 'zod';
import type { GraphDefinition, NodeDefinition } from '../definition/definition.js';
import type { FullParameters, Mode, PlainParameters } from './mode-parameters.js';

/** What a mode has no use for may be missing. */
export type GraphParameters = z.output<typeof PlainParameters> & Partial<z.output<typeof FullParameters>>;

const CITING =
  'Answer from the numbered sources below and cite each that you use by its number in brackets, such as [1]. When they lack the answer, say so.';

/**
 * The graph of a mode, named `name`: memory (unless it is off), then documents and tools as the mode has them.
 * `instructions` tell the model how to use its sources.
 */
export function modeGraph(
  name: string,
  mode: Mode,
  parameters: GraphParameters,
  instructions: string = CITING,
): GraphDefinition {
  const hasSources = mode === 'rag' || mode === 'full';
  const system = systemText(
    parameters.systemMessage,
    hasSources ? `${instructions}\n\nSources:\n{{context}}` : undefined,
  );
  const nodes = [
    ...(parameters.memory ? [memory(parameters)] : []),
    ...(hasSources ? [retrieve(parameters)] : []),
    mode === 'tools' || mode === 'full' ? agent(parameters, system) : node('model', asked(parameters, system)),
  ];
  return {
    kind: 'graph',
    name,
    nodes,
    edges: nodes.slice(1).map(({ id }, index) => ({ from: nodes[index]?.id ?? id, to: id, port: 'next' })),
    output: { text: '{{text}}' },
  };
}

const systemText = (...parts: readonly (string | undefined)[]): string | undefined =>
  parts.filter((part) => part !== undefined).join('\n\n') || undefined;

const memory = ({ model, memoryWindow, memorySummary, memoryFacts }: GraphParameters): NodeDefinition =>
  node('memory', { window: memoryWindow, summarise: memorySummary, facts: memoryFacts, model });

const retrieve = ({ collections, documentIds, maxDocuments, similarityThreshold }: GraphParameters): NodeDefinition =>
  node('retrieve', { collections, documentIds, limit: maxDocuments, threshold: similarityThreshold });

const agent = (parameters: GraphParameters, system: string | undefined): NodeDefinition =>
  node('agent', {
    ...asked(parameters, system),
    tools: parameters.tools,
    maxToolCalls: parameters.maxToolCalls,
  });

const asked = ({ model, temperature, maxTokens }: GraphParameters, system: string | undefined) => ({
  model,
  system,
  temperature,
  maxTokens,
});

/** A node whose id is its type; what is not said is left to the type. */
const node = (type: string, config: Readonly<Record<string, unknown>>): NodeDefinition => ({
  id: type,
  type,
  config: Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined)),
});
