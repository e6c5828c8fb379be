import { Injectable } from '@nestjs/common';
import { adjacencyOf, type Link } from '../adjacency.js';
import type { DefinitionView, GraphLevel } from '../definition-view.js';
import { isJoin, numberOf } from '../node-members.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, fault, quoted, type Violation } from '../violation.js';

/** Larger graphs are refused; following each fan-out of one would take too long. */
const MAX_NODES = 200;
const MAX_EDGES = 400;

/** Where branches that run beside each other meet. */
@Injectable()
@ValidationRule()
export class JoinRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    for (const level of levels) {
      if (level.kind !== 'graph') continue;
      yield* joinsTooLarge(level);
      if (level.nodes.length <= MAX_NODES && level.edges.length <= MAX_EDGES) yield* implicitJoins(level);
    }
  }
}

function* joinsTooLarge(level: GraphLevel): Generator<Violation> {
  const { incoming } = adjacencyOf(level);
  for (const [index, node] of level.nodes.entries()) {
    const wait = isJoin(node) ? numberOf(node, 'wait') : undefined;
    const edges = incoming[index]?.length ?? 0;
    if (wait === undefined || wait <= edges) continue;
    yield fault(
      'join-too-large',
      `${node.pointer}/config/wait`,
      `Node ${quoted(node.id)} waits for ${wait} branches, but ${edges === 1 ? 'only one edge leads' : `${edges} edges lead`} to it.`,
      `Wait for at most ${edges}, or for "all" or "any".`,
    );
  }
}

function* implicitJoins(level: GraphLevel): Generator<Violation> {
  const met = new Set<number>();
  for (const branches of fanOutsOf(level)) for (const node of meetingsOf(branches, level)) met.add(node);
  for (const index of met) {
    const node = level.nodes[index];
    if (!node) continue;
    yield advice(
      'implicit-join',
      node.pointer,
      `Branches that run at the same time meet in node ${quoted(node.id)}, which does not wait for them.`,
      'Put a join node before it, or lead the branches to nodes of their own.',
    );
  }
}

/** The nodes that begin at the same time: those that start the graph, and the ends of edges that leave one port. */
function* fanOutsOf(level: GraphLevel): Generator<readonly number[]> {
  const { incoming, outgoing } = adjacencyOf(level);
  const starts = [...incoming.keys()].filter((index) => incoming[index]?.length === 0);
  if (starts.length > 1) yield starts;
  for (const links of outgoing) {
    for (const leaving of Map.groupBy(links, ({ port }) => port).values()) {
      const ends = new Set(leaving.map(({ to }) => to));
      if (ends.size > 1) yield [...ends];
    }
  }
}

/**
 * Follows each branch in a colour of its own. Where two colours arrive by different edges they meet, and go on together
 * in a colour of their own: what parts again after that, by a choice, is exclusive.
 */
function meetingsOf(branches: readonly number[], level: GraphLevel): readonly number[] {
  const { order, incoming } = adjacencyOf(level);
  const colours = new Map(branches.map((node) => [node, node]));
  const met: number[] = [];
  for (const index of order) {
    const arriving = new Set<number>();
    for (const { from } of incoming[index] ?? ([] as readonly Link[])) {
      const colour = colours.get(from);
      if (colour !== undefined) arriving.add(colour);
    }
    const own = colours.get(index);
    if (own !== undefined) arriving.add(own);
    const [first] = arriving;
    if (first === undefined) continue;
    colours.set(index, arriving.size > 1 ? -1 - index : first);
    const node = level.nodes[index];
    if (arriving.size > 1 && node && !isJoin(node)) met.push(index);
  }
  return met;
}
