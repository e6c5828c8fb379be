import type { EdgeView, GraphLevel } from './definition-view.js';

/** An edge between two nodes that are there, by their places in the level's list of nodes. */
export interface Link {
  readonly from: number;
  readonly to: number;
  readonly port: string;
  readonly edge: EdgeView;
}

export interface Adjacency {
  readonly outgoing: readonly (readonly Link[])[];
  readonly incoming: readonly (readonly Link[])[];
  /** Nodes by id; of several with one id, the first. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Every node after those that lead to it. Nodes on a circle, or behind one, are not in it. */
  readonly order: readonly number[];
}

const known = new WeakMap<GraphLevel, Adjacency>();

/** How a level's nodes hang together; worked out once. Linear. */
export function adjacencyOf(level: GraphLevel): Adjacency {
  const adjacency = known.get(level) ?? build(level);
  known.set(level, adjacency);
  return adjacency;
}

function build({ nodes, edges }: GraphLevel): Adjacency {
  const indexOf = new Map<string, number>();
  for (const [index, { id }] of nodes.entries()) if (!indexOf.has(id)) indexOf.set(id, index);
  const outgoing: Link[][] = nodes.map(() => []);
  const incoming: Link[][] = nodes.map(() => []);
  for (const edge of edges) {
    const [from, to] = [indexOf.get(edge.from), indexOf.get(edge.to)];
    if (from === undefined || to === undefined) continue;
    const link = { from, to, port: edge.port, edge };
    outgoing[from]?.push(link);
    incoming[to]?.push(link);
  }
  return { outgoing, incoming, indexOf, order: orderOf(outgoing, incoming) };
}

function orderOf(outgoing: readonly (readonly Link[])[], incoming: readonly (readonly Link[])[]): readonly number[] {
  const left = incoming.map((links) => links.length);
  const order = [...left.keys()].filter((node) => left[node] === 0);
  for (let at = 0; at < order.length; at++) {
    for (const { to } of outgoing[order[at] ?? 0] ?? []) {
      left[to] = (left[to] ?? 0) - 1;
      if (left[to] === 0) order.push(to);
    }
  }
  return order;
}
