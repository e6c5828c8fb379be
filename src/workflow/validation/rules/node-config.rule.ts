import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { pointerOf } from '../../condition/json-pointer.js';
import { faultsOf } from '../../condition/schema-faults.js';
import { holdsReference } from '../../definition/reference.js';
import type { DefinitionView, NodeView } from '../definition-view.js';
import { valueAt } from '../nested-definitions.js';
import { sentence } from '../structure-faults.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { fault, quoted, type Violation } from '../violation.js';

/** A node's configuration must fit its type's schema. What a reference stands for is known only when it runs. */
@Injectable()
@ValidationRule()
export class NodeConfigRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    for (const level of levels)
      for (const node of level.kind === 'graph' ? level.nodes : [])
        if (node.type) yield* faultsOfNode(node, node.type.config);
  }
}

function* faultsOfNode(node: NodeView, schema: z.ZodType): Generator<Violation> {
  for (const issue of schema.safeParse(node.config).error?.issues ?? []) {
    for (const { path, detail } of faultsOf([issue])) {
      const within = pointerOf(path);
      const isUnknownMember = issue.code === 'unrecognized_keys';
      if (!isUnknownMember && isResolved(node, path) && holdsReference(valueAt(node.config, within))) continue;
      const member = path.length === 0 ? 'The configuration' : quoted(path.map(String).join('.'));
      yield fault(
        path.includes('when') ? 'invalid-condition' : 'invalid-config',
        `${node.pointer}/config${within}`,
        isUnknownMember
          ? `${member} is nothing that node ${quoted(node.id)} of the type ${quoted(node.definition.type)} knows.`
          : `${member} of node ${quoted(node.id)} ${sentence(detail)}`,
        `Correct it as the configSchema of ${quoted(node.definition.type)} at GET /node-types says.`,
      );
    }
  }
}

/** Whether references in this member are replaced before the type reads it. */
const isResolved = ({ type }: NodeView, [member]: readonly PropertyKey[]): boolean =>
  !type?.raw?.includes(String(member));
