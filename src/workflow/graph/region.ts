import type { EdgeDefinition, GraphDefinition } from '../definition/definition.js';

/** A part of a graph with branches side by side, from where they part to where they are one again. */
export interface Region {
  /** Ids of its nodes, each after all that lead to it. */
  readonly nodes: readonly string[];
  /** The nodes that the parting edges lead to. */
  readonly entries: readonly EdgeDefinition[];
  /** The edges inside. */
  readonly edges: readonly EdgeDefinition[];
  /** Its node that all branches meet in, by which alone it is left; absent when they end on their own. */
  readonly exit: string | undefined;
}

/**
 * The regions of a graph: from each fan-out (several edges that leave one port, or several first nodes) to the node that
 * every branch leads to. Where branches cannot be told apart from the rest so neatly, the whole graph is one region.
 */
export function regionsOf(definition: GraphDefinition): readonly Region[] {
  const { nodes, edges } = definition;
  const exits = Map.groupBy(edges, ({ from }) => from);
  const targets = new Set(edges.map(({ to }) => to));
  const first = nodes.filter(({ id }) => !targets.has(id));
  const starts = first.map(({ id }): EdgeDefinition => ({ from: START, to: id, port: 'next' }));
  const order = inOrder(
    nodes.map(({ id }) => id),
    exits,
    starts,
  );
  const whole = { nodes: order, entries: starts, edges, exit: undefined };
  if (starts.length > 1) return [whole];

  const regions: Region[] = [];
  const covered = new Set<string>();
  for (const id of order) {
    if (covered.has(id)) continue;
    for (const entries of Map.groupBy(exits.get(id) ?? [], ({ port }) => port).values()) {
      if (entries.length < 2) continue;
      const region = regionFrom(entries, edges, order, exits);
      if (!region || region.nodes.some((node) => covered.has(node))) return [whole];
      for (const node of region.nodes) if (node !== region.exit) covered.add(node);
      regions.push(region);
    }
  }
  return regions;
}

/** What the edges into a graph's first nodes come from. */
export const START = '';

function regionFrom(
  entries: readonly EdgeDefinition[],
  edges: readonly EdgeDefinition[],
  order: readonly string[],
  exits: ReadonlyMap<string, readonly EdgeDefinition[]>,
): Region | undefined {
  const reached = reachableFrom(
    entries.map(({ to }) => to),
    exits,
  );
  const exit = order.find((id) => reached.has(id) && isMetByAll(id, entries, exits));
  const after =
    exit === undefined
      ? new Set<string>()
      : reachableFrom(
          (exits.get(exit) ?? []).map(({ to }) => to),
          exits,
        );
  const inside = new Set([...reached].filter((id) => !after.has(id)));
  const isEntered = edges.some((edge) => inside.has(edge.to) && !inside.has(edge.from) && !entries.includes(edge));
  const isLeft = edges.some(({ from, to }) => inside.has(from) && from !== exit && !inside.has(to));
  if (isEntered || isLeft) return undefined;
  return {
    nodes: order.filter((id) => inside.has(id)),
    entries,
    edges: edges.filter(({ from, to }) => inside.has(from) && from !== exit && inside.has(to)),
    exit,
  };
}

/** Whether every way from the entries to an end of the graph leads through `id`. */
function isMetByAll(
  id: string,
  entries: readonly EdgeDefinition[],
  exits: ReadonlyMap<string, readonly EdgeDefinition[]>,
): boolean {
  const past = reachableFrom(
    entries.flatMap(({ to }) => (to === id ? [] : [to])),
    exits,
    id,
  );
  return [...past].every((node) => (exits.get(node) ?? []).length > 0);
}

/** The given nodes and all that edges lead to from them; not beyond `barrier`, which is left out. */
function reachableFrom(
  starts: readonly string[],
  exits: ReadonlyMap<string, readonly EdgeDefinition[]>,
  barrier?: string,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const ahead = [...starts];
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (id === barrier || reached.has(id)) continue;
    reached.add(id);
    for (const { to } of exits.get(id) ?? []) ahead.push(to);
  }
  return reached;
}

/** The nodes, each after all that lead to it. */
function inOrder(
  ids: readonly string[],
  exits: ReadonlyMap<string, readonly EdgeDefinition[]>,
  starts: readonly EdgeDefinition[],
): readonly string[] {
  const waiting = new Map(ids.map((id) => [id, 0]));
  for (const edges of exits.values()) for (const { to } of edges) waiting.set(to, (waiting.get(to) ?? 0) + 1);
  const order: string[] = [];
  const ready = starts.map(({ to }) => to);
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    order.push(id);
    for (const { to } of exits.get(id) ?? []) {
      const left = (waiting.get(to) ?? 0) - 1;
      waiting.set(to, left);
      if (left === 0) ready.push(to);
    }
  }
  return order;
}
