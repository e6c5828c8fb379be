import { Injectable } from '@nestjs/common';
import { adjacencyOf } from '../adjacency.js';
import type { DefinitionView, GraphLevel, Level } from '../definition-view.js';
import { suggestions, type DidYouMean } from '../near-match.js';
import { precedenceOf } from '../precedence.js';
import { referencesIn, type Reference } from '../template-references.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, fault, quoted, type Violation } from '../violation.js';

/** `{{nodes.<id>...}}`: a node of the same graph that has ended before. */
@Injectable()
@ValidationRule()
export class NodeReferenceRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    const didYouMean = suggestions();
    for (const level of levels) {
      const place = level.kind === 'graph' ? new Map(level.nodes.map((node, index) => [node, index])) : undefined;
      for (const reference of referencesIn(level)) {
        const [root, id] = reference.names;
        if (root !== 'nodes' || id === undefined || reference.use === 'late') continue;
        if (level.kind !== 'graph' || !level.ids.has(id)) yield unknown(reference, id, level, didYouMean);
        else if (reference.node) yield* orderFault(reference, id, level, place?.get(reference.node) ?? -1);
      }
    }
  }
}

function unknown({ pointer, path }: Reference, id: string, level: Level, didYouMean: DidYouMean): Violation {
  const candidates = level.kind === 'graph' ? level.ids : [];
  const isOutside = isIn(level.parent, id);
  return fault(
    'unknown-node-reference',
    pointer,
    `The reference ${quoted(path)} names the node ${quoted(id)}, which is not in this ${level.kind}.`,
    isOutside
      ? 'Nodes of an outer definition are not seen here. Hand the value on: as input, or as a variable.'
      : `Correct the id, or add the node.${didYouMean(id, candidates)}`,
  );
}

const isIn = (level: Level | undefined, id: string): boolean =>
  level !== undefined && ((level.kind === 'graph' && level.ids.has(id)) || isIn(level.parent, id));

function* orderFault(
  { pointer, path, node, use }: Reference,
  id: string,
  level: GraphLevel,
  index: number,
): Generator<Violation> {
  const other = adjacencyOf(level).indexOf.get(id);
  const certainty = other === undefined ? undefined : precedenceOf(level).node(index, other);
  const user = quoted(node?.id ?? '');
  if (certainty === 'never')
    yield fault(
      'reference-before-assignment',
      pointer,
      id === node?.id
        ? `Node ${user} refers to its own output (${quoted(path)}), which is not there before it has ended.`
        : `Node ${user} refers to ${quoted(path)}, but no path leads from ${quoted(id)} to it: it has not run by then.`,
      `Lead edges from ${quoted(id)} to ${user}, or refer to a node that comes before.`,
    );
  else if (certainty === 'sometimes' && use === 'value')
    yield advice(
      'reference-not-certain',
      pointer,
      `Node ${user} refers to ${quoted(path)}, but some paths to it do not lead through ${quoted(id)}; there is nothing then.`,
      'Refer to a variable that every path sets, or leave it if nothing is fine.',
    );
}
