import { Injectable } from '@nestjs/common';
import { adjacencyOf } from '../adjacency.js';
import type { DefinitionView, NodeView } from '../definition-view.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, quoted, type Violation } from '../violation.js';

/** Ports of a choice that no edge leaves: the path ends there, which is rarely meant. */
@Injectable()
@ValidationRule()
export class OpenPortRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    for (const level of levels) {
      if (level.kind !== 'graph') continue;
      const { outgoing } = adjacencyOf(level);
      for (const [index, node] of level.nodes.entries()) {
        const left = new Set(outgoing[index]?.map(({ port }) => port));
        for (const port of portsToConnect(node)) {
          if (left.has(port)) continue;
          yield advice(
            'port-without-edge',
            node.pointer,
            `No edge leaves port ${quoted(port)} of node ${quoted(node.id)}: when it is taken, the path ends there.`,
            `Add an edge from ${quoted(node.id)} with "port": ${JSON.stringify(port)}, or leave it if the path is meant to end.`,
          );
        }
      }
    }
  }
}

/** Every node may be the last, so a single port needs no edge; one that is named for errors does. */
function portsToConnect({ type, ports = [], definition: { onError } }: NodeView): ReadonlySet<string> {
  const needed = ports.filter((port) => !type?.optionalPorts?.includes(port));
  const choice = new Set(needed.length > 1 ? needed : []);
  return typeof onError === 'object' ? choice.add(onError.port) : choice;
}
