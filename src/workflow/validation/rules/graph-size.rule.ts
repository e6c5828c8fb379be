import { Injectable } from '@nestjs/common';
import type { DefinitionView } from '../definition-view.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, type Violation } from '../violation.js';

const MANY_NODES = 80;
const MAX_NODES = 100;

/** Warns before the limit of nodes; the structure says when it is passed. */
@Injectable()
@ValidationRule()
export class GraphSizeRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    for (const level of levels) {
      if (level.kind !== 'graph' || level.nodes.length < MANY_NODES || level.nodes.length > MAX_NODES) continue;
      yield advice(
        'many-nodes',
        `${level.pointer}/nodes`,
        `The graph has ${level.nodes.length} nodes; ${MAX_NODES} are the most it may have.`,
        'Move a part into a workflow of its own and name that in a workflow node.',
      );
    }
  }
}
