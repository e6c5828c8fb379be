import type { Level, Members, NodeView } from './definition-view.js';
import { isMembers } from './nested-definitions.js';
import { precedenceOf, type Certainty } from './precedence.js';

/** What a level's references find besides what its own nodes leave. */
export interface LevelScope {
  readonly input: InputShape;
  /** Whether the variable is set when the level begins. */
  variable(name: string): Certainty;
  /** Whether there is an item and an index. `unknown` for the root: it may be named as a body elsewhere. */
  readonly item: 'there' | 'absent' | 'unknown';
}

/** What is known of the members of an input. */
export interface InputShape {
  readonly declared: ReadonlySet<string>;
  /** Whether there are no members but the declared ones. */
  readonly isClosed: boolean;
  /** Whether there is a schema that lists members. */
  readonly isDescribed: boolean;
}

const FREE: InputShape = { declared: new Set(), isClosed: false, isDescribed: false };

const known = new WeakMap<Level, LevelScope>();

/** Worked out once a level. */
export function scopeOf(level: Level): LevelScope {
  const scope = known.get(level) ?? build(level);
  known.set(level, scope);
  return scope;
}

function build({ role, input, parent, holder }: Level): LevelScope {
  const outer = parent && scopeOf(parent);
  const own = input && shapeOf(input);
  if (!parent || !outer) return { input: own ?? FREE, variable: () => 'never', item: 'unknown' };
  switch (role) {
    case 'root':
    case 'branch':
      return { input: own ?? outer.input, variable: () => 'never', item: outer.item };
    case 'child':
      // What a composite hands on from child to child is known only when it runs.
      return { input: own ?? FREE, variable: () => 'sometimes', item: 'absent' };
    case 'body':
      return { input: outer.input, variable: inherited(parent, holder, outer), item: 'there' };
  }
}

/** A body begins with the variables of its node. */
function inherited(parent: Level, holder: NodeView | undefined, outer: LevelScope): LevelScope['variable'] {
  if (parent.kind !== 'graph' || !holder) return () => 'sometimes';
  const index = parent.nodes.indexOf(holder);
  return (name) => stronger(precedenceOf(parent).variable(index, name) ?? 'sometimes', outer.variable(name));
}

const RANK = { never: 0, sometimes: 1, always: 2 } as const;

export const stronger = (left: Certainty, right: Certainty): Certainty => (RANK[left] >= RANK[right] ? left : right);

/** Keywords besides `properties` that may allow or describe members. */
const OTHERS = [
  '$ref',
  '$dynamicRef',
  'allOf',
  'anyOf',
  'oneOf',
  'if',
  'then',
  'else',
  'patternProperties',
  'dependentSchemas',
];

function shapeOf(schema: Members): InputShape {
  if (OTHERS.some((keyword) => Object.hasOwn(schema, keyword))) return FREE;
  const properties = Object.hasOwn(schema, 'properties') && isMembers(schema.properties) ? schema.properties : {};
  const declared = new Set(Object.keys(properties));
  const isClosed = schema.additionalProperties === false || schema.unevaluatedProperties === false;
  return { declared, isClosed, isDescribed: isClosed || declared.size > 0 };
}
