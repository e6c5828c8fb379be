import { Injectable } from '@nestjs/common';
import { adjacencyOf, type Link } from '../adjacency.js';
import type { DefinitionView, GraphLevel } from '../definition-view.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { fault, quoted, type Violation } from '../violation.js';

const MAX_SHOWN = 8;

/** A graph runs forward; only a loop node repeats. Reports one violation for every edge that closes a circle. */
@Injectable()
@ValidationRule()
export class CycleRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    for (const level of levels) if (level.kind === 'graph') yield* check(level);
  }
}

function* check(level: GraphLevel): Generator<Violation> {
  for (const { edge, nodes } of circlesIn(level)) {
    const ids = nodes.map((index) => level.nodes[index]?.id ?? '');
    const shown = ids.length > MAX_SHOWN ? [...ids.slice(0, MAX_SHOWN - 1), '…', ...ids.slice(-1)] : ids;
    yield fault(
      'cycle',
      edge.pointer,
      `The edge from ${quoted(edge.from)} to ${quoted(edge.to)} closes a circle: ${[...shown, ids[0] ?? ''].join(' -> ')}.`,
      'Remove the edge. To repeat nodes, put them into the body of a loop node.',
    );
  }
}

/** Depth first, without recursion: an edge back to a node that is still being followed closes a circle. */
function* circlesIn(level: GraphLevel): Generator<Pick<Link, 'edge'> & { readonly nodes: readonly number[] }> {
  const { outgoing } = adjacencyOf(level);
  const state = new Uint8Array(level.nodes.length);
  const position = new Int32Array(level.nodes.length);
  for (const start of outgoing.keys()) {
    if (state[start] !== UNSEEN) continue;
    const path: { readonly node: number; next: number }[] = [];
    const enter = (node: number): void => {
      state[node] = FOLLOWED;
      position[node] = path.length;
      path.push({ node, next: 0 });
    };
    enter(start);
    for (let at = path.at(-1); at; at = path.at(-1)) {
      const link = outgoing[at.node]?.[at.next++];
      if (!link) {
        state[at.node] = DONE;
        path.pop();
      } else if (state[link.to] === UNSEEN) enter(link.to);
      else if (state[link.to] === FOLLOWED) yield { edge: link.edge, nodes: circleIn(path, position[link.to] ?? 0) };
    }
  }
}

const [UNSEEN, FOLLOWED, DONE] = [0, 1, 2];

/** A long circle is not copied whole for every edge that closes one. */
function circleIn(path: readonly { readonly node: number }[], start: number): readonly number[] {
  const isLong = path.length - start > MAX_SHOWN + 1;
  const shown = isLong ? [...path.slice(start, start + MAX_SHOWN), ...path.slice(-1)] : path.slice(start);
  return shown.map(({ node }) => node);
}
