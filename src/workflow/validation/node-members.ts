import { z } from 'zod';
import type { Branch } from '../condition/branches.js';
import { readWhen } from '../condition/when.js';
import type { RegisteredNodeType } from '../node/node.registry.js';
import type { Members, NodeView } from './definition-view.js';
import { isMembers } from './nested-definitions.js';

/**
 * What the members of a node's configuration mean, by their names: every node type that declares a `model` means a model
 * by it. So a new type is checked like the others without a line here. docs/extending.md lists the names.
 */

/** Pointers, within the configuration, of the workflows it runs. */
export function sitesOf(config: Members, type: RegisteredNodeType | undefined): readonly string[] {
  try {
    return type?.targets?.(config).map(({ pointer }) => pointer) ?? [];
  } catch {
    return [];
  }
}

/** The text of a member that the type declares, as written. */
export function textOf(node: NodeView, member: string): string | undefined {
  const text = declared(node, member) ? own(node.config, member) : undefined;
  return typeof text === 'string' ? text : undefined;
}

/** The same, unless a reference is in it. */
export function literal(node: NodeView, member: string): string | undefined {
  const text = textOf(node, member);
  return text?.includes('{{') ? undefined : text;
}

/** The texts of a list that the type declares, as written, but for those that hold a reference. */
export function textsOf(node: NodeView, member: string): readonly string[] {
  const list = declared(node, member) ? own(node.config, member) : undefined;
  return Array.isArray(list) ? list.filter((text: unknown) => typeof text === 'string' && !text.includes('{{')) : [];
}

/** A number of the configuration, or its default. */
export function numberOf(node: NodeView, member: string): number | undefined {
  const schema = declared(node, member);
  const value = own(node.config, member) ?? (schema && defaultOf(schema));
  return typeof value === 'number' && schema ? value : undefined;
}

/** Whether its type has such a member. */
export const declares = (node: NodeView, member: string): boolean => declared(node, member) !== undefined;

/** Whether the node says no to a member that its type declares. */
export const isOff = (node: NodeView, member: string): boolean =>
  declares(node, member) && own(node.config, member) === false;

/** Whether its type waits for the branches that lead to it. */
export const isJoin = (node: NodeView): boolean => declared(node, 'wait') !== undefined;

/** Names of variables that the node sets; `anything` when only running it tells. */
export function variablesOf(node: NodeView): readonly string[] | 'anything' {
  if (!node.type) return 'anything';
  const schema = declared(node, 'output');
  if (schema) {
    const name = own(node.config, 'output') ?? defaultOf(schema);
    return typeof name !== 'string' ? [] : name.includes('{{') ? 'anything' : [name];
  }
  const values = declared(node, 'values') && own(node.config, 'values');
  if (isMembers(values)) return Object.keys(values);
  return values !== undefined || node.sites.length > 0 ? 'anything' : [];
}

/** How often it runs the workflows inside it, at most; 1 where only running it tells. */
export function passesOf(node: NodeView): number {
  const items = declared(node, 'items') && own(node.config, 'items');
  return Array.isArray(items) ? items.length : (numberOf(node, 'maxIterations') ?? 1);
}

interface NodeBranch extends Branch {
  /** Of its condition, within the configuration. */
  readonly pointer: string;
}

const known = new WeakMap<NodeView, readonly NodeBranch[]>();

/** Its conditions of which the first that matches is taken. Read once a node. */
export function branchesOf(node: NodeView): readonly NodeBranch[] {
  const branches = known.get(node) ?? readBranches(node);
  known.set(node, branches);
  return branches;
}

function readBranches(node: NodeView): readonly NodeBranch[] {
  const branches = declared(node, 'branches') && own(node.config, 'branches');
  if (!Array.isArray(branches)) return [];
  return branches.flatMap((branch: unknown, index) => {
    if (!isMembers(branch)) return [];
    const read = readWhen(branch.when);
    const id = branch.port ?? branch.id;
    return 'when' in read && typeof id === 'string'
      ? [{ id, when: read.when, pointer: `/branches/${index}/when` }]
      : [];
  });
}

function declared({ type }: NodeView, member: string): z.ZodType | undefined {
  const { config } = type ?? {};
  if (!(config instanceof z.ZodObject)) return undefined;
  const shape = config.shape as Readonly<Record<string, z.ZodType>>;
  return Object.hasOwn(shape, member) ? shape[member] : undefined;
}

const defaultOf = (schema: z.ZodType): unknown => schema.safeParse(undefined).data;

const own = (members: Members, name: string): unknown => (Object.hasOwn(members, name) ? members[name] : undefined);
