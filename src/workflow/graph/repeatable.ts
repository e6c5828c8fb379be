import { asGraph } from '../definition/as-graph.js';
import { pinKey, type Bundle } from '../definition/bundle.js';
import type { Definition, NodeDefinition } from '../definition/definition.js';
import type { NodeTypeOptions } from '../node/node-type.js';
import { MAX_DEPTH } from './graph-compiler.js';

type TypeOf = (type: string) => NodeTypeOptions | undefined;

/** Whether all that a definition does, at any depth, is to answer, the same whenever it is given the same. */
export function isRepeatable(bundle: Bundle, typeOf: TypeOf): boolean {
  for (const node of nodesIn(bundle.definition, bundle.pins, typeOf, 0)) {
    const { pure, repeatable } = typeOf(node.type) ?? {};
    const is = typeof repeatable === 'function' ? repeatable(node.config) : (repeatable ?? pure);
    if (is !== true) return false;
  }
  return true;
}

/** Whether a definition has a node of the type, at any depth. */
export function hasType(bundle: Bundle, type: string, typeOf: TypeOf): boolean {
  for (const node of nodesIn(bundle.definition, bundle.pins, typeOf, 0)) if (node.type === type) return true;
  return false;
}

function* nodesIn(
  definition: Definition,
  pins: Bundle['pins'],
  typeOf: TypeOf,
  depth: number,
): Generator<NodeDefinition> {
  if (depth > MAX_DEPTH) return;
  for (const node of asGraph(definition).graph.nodes) {
    yield node;
    for (const { target } of typeOf(node.type)?.targets?.(node.config) ?? []) {
      const key = pinKey(target);
      const pinned = Object.hasOwn(pins, key) ? pins[key]?.definition : undefined;
      const inner = target.definition ?? pinned;
      if (inner) yield* nodesIn(inner, pins, typeOf, depth + 1);
    }
  }
}
