import { Injectable } from '@nestjs/common';
import { NodeRegistry } from '../../node/node.registry.js';
import type { DefinitionView } from '../definition-view.js';
import { suggestions } from '../near-match.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { fault, quoted, type Violation } from '../violation.js';

@Injectable()
@ValidationRule()
export class NodeTypeRule implements Rule {
  constructor(private readonly types: NodeRegistry) {}

  *check({ levels }: DefinitionView): Iterable<Violation> {
    const didYouMean = suggestions();
    const known = this.types.all().flatMap(({ type, internal }) => (internal ? [] : [type]));
    for (const level of levels) {
      for (const { type, id, definition, pointer } of level.kind === 'graph' ? level.nodes : []) {
        if (type) continue;
        yield fault(
          'unknown-node-type',
          `${pointer}/type`,
          `Node ${quoted(id)} has the type ${quoted(definition.type)}, which this server does not have.`,
          `GET /node-types lists the types.${didYouMean(definition.type, known)}`,
        );
      }
    }
  }
}
