import type { Definition, GraphDefinition } from './definition.js';

/** A definition as the graph that runs it. */
export interface AsGraph {
  readonly graph: GraphDefinition;
  /** The graph's one node stands for the definition as a whole. */
  readonly isOneNode: boolean;
}

/** A choice and a composite are a graph of one node, whose output is theirs. */
export function asGraph(definition: Definition): AsGraph {
  if (definition.kind === 'graph') return { graph: definition, isOneNode: false };
  const { kind, name: _name, description: _description, limits: _limits, input, ...config } = definition;
  const node = { id: kind, type: kind, config };
  const graph = { kind: 'graph' as const, input, nodes: [node], edges: [], output: `{{nodes.${kind}.output}}` };
  return { graph, isOneNode: true };
}
