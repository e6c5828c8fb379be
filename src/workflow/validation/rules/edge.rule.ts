import { Injectable } from '@nestjs/common';
import type { DefinitionView, EdgeView, GraphLevel, NodeView } from '../definition-view.js';
import { adjacencyOf } from '../adjacency.js';
import { suggestions, type DidYouMean } from '../near-match.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { portsWithFailure } from '../../node/node-ports.js';
import { advice, fault, quoted, type Violation } from '../violation.js';

/** Edges lead from a port of a node to a node. */
@Injectable()
@ValidationRule()
export class EdgeRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    const didYouMean = suggestions();
    for (const level of levels) if (level.kind === 'graph') yield* check(level, didYouMean);
  }
}

function* check(level: GraphLevel, didYouMean: DidYouMean): Generator<Violation> {
  const seen = new Set<string>();
  for (const edge of level.edges) {
    if (!level.ids.has(edge.from)) yield dangling(edge, 'from', level, didYouMean);
    else yield* portFault(edge, level, didYouMean);
    if (!level.ids.has(edge.to)) yield dangling(edge, 'to', level, didYouMean);
    const key = `${edge.from} ${edge.to} ${edge.port}`;
    if (seen.has(key))
      yield advice(
        'duplicate-edge',
        edge.pointer,
        `There is already an edge from ${quoted(edge.from)} by ${quoted(edge.port)} to ${quoted(edge.to)}.`,
        'Remove one of them.',
      );
    seen.add(key);
  }
}

const dangling = (edge: EdgeView, end: 'from' | 'to', { ids }: GraphLevel, didYouMean: DidYouMean): Violation =>
  fault(
    'dangling-edge',
    `${edge.pointer}/${end}`,
    `The edge from ${quoted(edge.from)} to ${quoted(edge.to)}: there is no node ${quoted(edge[end])}.`,
    `Correct the id, or remove the edge.${didYouMean(edge[end], ids)}`,
  );

function* portFault(edge: EdgeView, level: GraphLevel, didYouMean: DidYouMean): Generator<Violation> {
  const node = level.nodes[adjacencyOf(level).indexOf.get(edge.from) ?? -1];
  const ports = node && portsWithError(node);
  if (!ports || ports.includes(edge.port)) return;
  yield fault(
    'unknown-port',
    `${edge.pointer}/port`,
    `Node ${quoted(edge.from)} has no port ${quoted(edge.port)}.`,
    `Its ports are ${ports.slice(0, 20).map(quoted).join(', ')}.${didYouMean(edge.port, ports)}`,
  );
}

/** Every port the node may leave by; undefined when its type's cannot be told. */
function portsWithError({ ports, definition: { onError } }: NodeView): readonly string[] | undefined {
  return ports && portsWithFailure(ports, onError);
}
