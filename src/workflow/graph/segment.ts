import type { EdgeDefinition, GraphDefinition, NodeDefinition } from '../definition/definition.js';

/** A straight line of nodes that runs as one: only its last node needs a boundary of its own. */
export interface Segment {
  /** Id of the first node, by which the segment is entered. */
  readonly head: string;
  readonly nodes: readonly NodeDefinition[];
  /** The edges that leave its last node. */
  readonly exits: readonly EdgeDefinition[];
}

/** Fuses each pure node with the one node after it, where nothing else leads there. Every node is in one segment. */
export function segmentsOf({ nodes, edges }: GraphDefinition, isPure: (id: string) => boolean): readonly Segment[] {
  const exits = Map.groupBy(edges, ({ from }) => from);
  const entries = Map.groupBy(edges, ({ to }) => to);
  const byId = new Map(nodes.map((node) => [node.id, node]));

  /** The node that `node` runs on into, if any. */
  const continuation = ({ id }: NodeDefinition): NodeDefinition | undefined => {
    const [exit, ...others] = exits.get(id) ?? [];
    if (!exit || others.length > 0 || exit.port !== 'next' || exit.to === id || !isPure(id)) return undefined;
    return entries.get(exit.to)?.length === 1 ? byId.get(exit.to) : undefined;
  };

  const continued = new Set(nodes.flatMap((node) => continuation(node)?.id ?? []));
  const heads = nodes.filter(({ id }) => !continued.has(id));
  return heads.map((head) => {
    const line = [head];
    for (let next = continuation(head); next; next = continuation(next)) line.push(next);
    return { head: head.id, nodes: line, exits: exits.get(line.at(-1)?.id ?? '') ?? [] };
  });
}
