import { Injectable } from '@nestjs/common';
import { portsWithFailure } from '../../node/node-ports.js';
import { adjacencyOf } from '../adjacency.js';
import type { DefinitionView, GraphLevel, NodeView } from '../definition-view.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, quoted, type Violation } from '../violation.js';

/** Nodes that never run, and nodes that stand alone: a node without an incoming edge starts with the graph. */
@Injectable()
@ValidationRule()
export class ReachabilityRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    for (const level of levels) if (level.kind === 'graph') yield* check(level);
  }
}

function* check(level: GraphLevel): Generator<Violation> {
  const reached = reachedIn(level);
  const connected = new Set(level.edges.flatMap(({ from, to }) => [from, to]));
  for (const [index, { id, pointer }] of level.nodes.entries()) {
    if (!reached.has(index))
      yield advice(
        'unreachable-node',
        pointer,
        `Node ${quoted(id)} never runs: no path leads to it from a node that starts the graph.`,
        'Lead an edge to it, or remove it.',
      );
    else if (!connected.has(id) && level.edges.length > 0)
      yield advice(
        'unconnected-node',
        pointer,
        `Node ${quoted(id)} has no edges: it starts with the graph, and nothing comes after it.`,
        'Connect it, or remove it, unless it is meant to run on its own.',
      );
  }
}

function reachedIn(level: GraphLevel): ReadonlySet<number> {
  const { outgoing, incoming } = adjacencyOf(level);
  const pending = [...incoming.keys()].filter((index) => incoming[index]?.length === 0);
  const reached = new Set(pending);
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    for (const { to, port } of outgoing[index] ?? []) {
      if (reached.has(to) || !mayLeaveBy(level.nodes[index], port)) continue;
      reached.add(to);
      pending.push(to);
    }
  }
  return reached;
}

function mayLeaveBy(node: NodeView | undefined, port: string): boolean {
  const { ports, definition } = node ?? {};
  return !ports || portsWithFailure(ports, definition?.onError).includes(port);
}
