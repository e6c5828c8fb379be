import { adjacencyOf, type Link } from './adjacency.js';
import { BitRows } from './bit-rows.js';
import type { GraphLevel, NodeView } from './definition-view.js';
import { isJoin, variablesOf } from './node-members.js';

/** How sure it is that something has happened when a node begins. */
export type Certainty = 'always' | 'sometimes' | 'never';

/** What has happened before each node of a graph begins. */
export interface Precedence {
  /** Whether the other node has ended well. Undefined where nothing can be said: on or behind a circle. */
  node(index: number, other: number): Certainty | undefined;
  /** Whether the variable is set. */
  variable(index: number, name: string): Certainty | undefined;
}

/** Larger graphs are refused anyway; the matrix of larger ones would not fit. */
const MAX_NODES = 10_000;
/** In larger graphs, what happens on some paths only counts as happening on all. */
const MAX_CERTAIN = 1_000;

const NOTHING_KNOWN: Precedence = { node: () => undefined, variable: () => undefined };

const known = new WeakMap<GraphLevel, Precedence>();

/** Worked out once a level. */
export function precedenceOf(level: GraphLevel): Precedence {
  const precedence = known.get(level) ?? build(level);
  known.set(level, precedence);
  return precedence;
}

function build(level: GraphLevel): Precedence {
  const { nodes } = level;
  if (nodes.length > MAX_NODES) return NOTHING_KNOWN;
  const ordered = new Set(adjacencyOf(level).order);
  const facts = factsOf(level);
  const before = ancestorsOf(level);
  const always = nodes.length <= MAX_CERTAIN ? certainFacts(level, before, facts) : undefined;
  const node = (index: number, other: number): Certainty | undefined => {
    if (!ordered.has(index)) return undefined;
    if (!before.has(index, other)) return 'never';
    return (always?.has(index, other) ?? true) ? 'always' : 'sometimes';
  };
  const variable = (index: number, name: string): Certainty | undefined => {
    if (!ordered.has(index)) return undefined;
    const fact = facts.variables.get(name);
    if (fact && always?.has(index, fact.column)) return 'always';
    const isBefore = (setter: number): boolean => before.has(index, setter);
    if (!fact?.setters.some(isBefore) && !followsOpaque(index)) return 'never';
    return always ? 'sometimes' : 'always';
  };
  const behindOpaque = new Map<number, boolean>();
  const followsOpaque = (index: number): boolean => {
    const follows = behindOpaque.get(index) ?? facts.opaque.some((setter) => before.has(index, setter));
    behindOpaque.set(index, follows);
    return follows;
  };
  return { node, variable };
}

interface Facts {
  /** By name: a column of its own behind those of the nodes, and the nodes that set it. */
  readonly variables: ReadonlyMap<string, { readonly column: number; readonly setters: readonly number[] }>;
  /** Nodes of which it is not known what they set. */
  readonly opaque: readonly number[];
  readonly columns: number;
  /** The columns that the node's good end adds. */
  readonly added: readonly (readonly number[])[];
}

function factsOf({ nodes }: GraphLevel): Facts {
  const variables = new Map<string, { column: number; setters: number[] }>();
  const opaque: number[] = [];
  const added = nodes.map((node, index) => {
    const names = variablesOf(node);
    if (names === 'anything') {
      opaque.push(index);
      return [index];
    }
    return [index, ...names.map((name) => columnOf(name, index))];
  });
  return { variables, opaque, columns: nodes.length + variables.size, added };

  function columnOf(name: string, index: number): number {
    const fact = variables.get(name) ?? { column: nodes.length + variables.size, setters: [] };
    variables.set(name, fact);
    fact.setters.push(index);
    return fact.column;
  }
}

function ancestorsOf(level: GraphLevel): BitRows {
  const { order, incoming } = adjacencyOf(level);
  const before = new BitRows(level.nodes.length, level.nodes.length);
  for (const index of order) {
    for (const { from } of incoming[index] ?? []) {
      before.unite(index, from);
      before.add(index, from);
    }
  }
  return before;
}

/**
 * What has certainly happened when a node begins, whichever ports were taken: what all paths to it have in common. A join
 * for all branches knows besides what its other branches did, if they were certain to begin.
 */
function certainFacts(level: GraphLevel, before: BitRows, { columns, added }: Facts): BitRows {
  const { nodes } = level;
  const { order, incoming, outgoing } = adjacencyOf(level);
  const scratch = nodes.length;
  const facts = new BitRows(nodes.length + 1, columns);
  for (const index of order) {
    for (const [position, link] of (incoming[index] ?? []).entries()) {
      facts.clear(scratch);
      facts.unite(scratch, link.from);
      if (endsWell(nodes[link.from], link)) for (const column of added[link.from] ?? []) facts.add(scratch, column);
      if (position === 0) facts.unite(index, scratch);
      else facts.intersect(index, scratch);
    }
    if (waitsForAll(nodes[index])) addOtherBranches(index);
  }
  return facts;

  function addOtherBranches(join: number): void {
    const pending = order.filter((index) => incoming[index]?.length === 0 || facts.has(join, index));
    const seen = new Set(pending);
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (!before.has(join, index) || !isSure(nodes[index])) continue;
      facts.unite(join, index);
      for (const column of added[index] ?? []) facts.add(join, column);
      for (const { to } of nodes[index]?.ports?.length === 1 ? (outgoing[index] ?? []) : []) {
        if (seen.has(to)) continue;
        seen.add(to);
        pending.push(to);
      }
    }
  }
}

const waitsForAll = (node: NodeView | undefined): boolean =>
  node !== undefined && isJoin(node) && (node.config.wait ?? 'all') === 'all';

/** Whether the node ends well, or the whole run does not go on. */
const isSure = (node: NodeView | undefined): boolean => (node?.definition.onError ?? 'fail') === 'fail';

/** Whether the node has ended well when it is left by this edge. */
function endsWell(node: NodeView | undefined, { port }: Link): boolean {
  const onError = node?.definition.onError ?? 'fail';
  return onError === 'fail' || (typeof onError === 'object' && onError.port !== port);
}
