import type { Definition, EdgeDefinition } from '../definition/definition.js';
import { canonicalJson } from '../../platform/schema/canonical-json.js';
import { valueChanges, type ValueChange } from './value-changes.js';

/** A node, a branch or a child: what is found again by its id. */
export type Entry = Readonly<Record<string, unknown>> & { readonly id: string };

/** What is different in something that both sides have; pointers begin at it. */
export interface EntryChanges {
  readonly changes: readonly ValueChange[];
  /** When both sides hold a definition on the spot and the two differ. */
  readonly definition?: DefinitionDiff;
}

export interface ChangedEntry extends EntryChanges {
  readonly id: string;
}

export interface EntriesDiff {
  readonly added: readonly Entry[];
  readonly removed: readonly Entry[];
  readonly changed: readonly ChangedEntry[];
}

/** Of a list whose order means something: all ids on both sides, when those on both come in another order. */
export interface OrderedEntriesDiff extends EntriesDiff {
  readonly order?: { readonly before: readonly string[]; readonly after: readonly string[] };
}

export interface EdgesDiff {
  readonly added: readonly EdgeDefinition[];
  readonly removed: readonly EdgeDefinition[];
}

/** What is different between two definitions, by what it means: the order of nodes and of edges means nothing. */
export interface DefinitionDiff {
  readonly isEqual: boolean;
  /** When a definition became one of another kind; the parts of the old kind are removed then, those of the new added. */
  readonly kind?: { readonly before: Definition['kind']; readonly after: Definition['kind'] };
  /** Of a graph. */
  readonly nodes: EntriesDiff;
  /** Of a graph. */
  readonly edges: EdgesDiff;
  /** Of a conditional. */
  readonly branches: OrderedEntriesDiff;
  /** Of a composite. */
  readonly children: OrderedEntriesDiff;
  /** Of a conditional or composite: what runs when nothing matches. */
  readonly default?: EntryChanges;
  /** Everything else, such as name, input, output or strategy. */
  readonly members: readonly ValueChange[];
}

/** Total: ids that come twice, which a draft may have, are told apart by their order. */
export function definitionDiff(before: Definition, after: Definition): DefinitionDiff {
  const [old, current] = [partsOf(before), partsOf(after)];
  const otherwise = defaultChanges(old.default, current.default);
  const diff = {
    ...(before.kind !== after.kind && { kind: { before: before.kind, after: after.kind } }),
    nodes: entriesDiff(old.nodes, current.nodes),
    edges: edgesDiff(old.edges, current.edges),
    branches: orderedDiff(old.branches, current.branches),
    children: orderedDiff(old.children, current.children),
    ...(otherwise && { default: otherwise }),
    members: valueChanges(old.members, current.members),
  };
  return { isEqual: isEmpty(diff), ...diff };
}

interface Parts {
  readonly nodes: readonly Entry[];
  readonly edges: readonly EdgeDefinition[];
  readonly branches: readonly Entry[];
  readonly children: readonly Entry[];
  readonly default: Members | undefined;
  readonly members: Members;
}

type Members = Readonly<Record<string, unknown>>;

const NO_PARTS = { nodes: [], edges: [], branches: [], children: [], default: undefined };

function partsOf(definition: Definition): Parts {
  switch (definition.kind) {
    case 'graph': {
      const { kind: _, nodes, edges, ...members } = definition;
      return { ...NO_PARTS, nodes: nodes.map(toEntry), edges, members };
    }
    case 'conditional': {
      const { kind: _, branches, default: otherwise, ...members } = definition;
      return { ...NO_PARTS, branches: branches.map(toEntry), default: otherwise && { ...otherwise }, members };
    }
    case 'composite': {
      const { kind: _, workflows, default: otherwise, ...members } = definition;
      return { ...NO_PARTS, children: workflows.map(toEntry), default: otherwise && { ...otherwise }, members };
    }
  }
}

const toEntry = (part: { readonly id: string }): Entry => ({ ...part });

function entriesDiff(before: readonly Entry[], after: readonly Entry[]): EntriesDiff {
  const [old, current] = [keyed(before), keyed(after)];
  return {
    added: [...current].filter(([key]) => !old.has(key)).map(([, entry]) => entry),
    removed: [...old].filter(([key]) => !current.has(key)).map(([, entry]) => entry),
    changed: [...old].flatMap(([key, entry]) => {
      const other = current.get(key);
      const changes = other && entryChanges(entry, other);
      return changes ? [{ id: entry.id, ...changes }] : [];
    }),
  };
}

/** By id and how often that id came before. */
function keyed(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  const seen = new Map<string, number>();
  return new Map(
    entries.map((entry) => {
      const times = seen.get(entry.id) ?? 0;
      seen.set(entry.id, times + 1);
      return [`${times} ${entry.id}`, entry];
    }),
  );
}

function orderedDiff(before: readonly Entry[], after: readonly Entry[]): OrderedEntriesDiff {
  const diff = entriesDiff(before, after);
  const [old, current] = [idsOf(before), idsOf(after)];
  const [there, thereNow] = [new Set(old), new Set(current)];
  const keptNow = current.filter((id) => there.has(id));
  const isMoved = old.filter((id) => thereNow.has(id)).some((id, index) => id !== keptNow[index]);
  return isMoved ? { ...diff, order: { before: old, after: current } } : diff;
}

const idsOf = (entries: readonly Entry[]): readonly string[] => entries.map(({ id }) => id);

/** Undefined when there is no difference. */
function entryChanges(before: Members, after: Members): EntryChanges | undefined {
  const [old, current] = [before.definition, after.definition];
  if (!isDefinition(old) || !isDefinition(current)) return someOf(valueChanges(before, after));
  const { definition: _, ...rest } = before;
  const { definition: __, ...restNow } = after;
  const changes = valueChanges(rest, restNow);
  const definition = definitionDiff(old, current);
  return definition.isEqual ? someOf(changes) : { changes, definition };
}

const someOf = (changes: readonly ValueChange[]): EntryChanges | undefined =>
  changes.length > 0 ? { changes } : undefined;

/** What stands as `definition` in a branch or child was read as one. */
const isDefinition = (value: unknown): value is Definition => typeof value === 'object' && value !== null;

function defaultChanges(before: Members | undefined, after: Members | undefined): EntryChanges | undefined {
  if (before && after) return entryChanges(before, after);
  if (before) return { changes: [{ pointer: '', before }] };
  return after && { changes: [{ pointer: '', after }] };
}

/** Each edge as often as it stands on one side more than on the other. */
function edgesDiff(before: readonly EdgeDefinition[], after: readonly EdgeDefinition[]): EdgesDiff {
  return { added: without(after, before), removed: without(before, after) };
}

function without(edges: readonly EdgeDefinition[], others: readonly EdgeDefinition[]): readonly EdgeDefinition[] {
  const left = new Map<string, number>();
  for (const edge of others) left.set(canonicalJson(edge), (left.get(canonicalJson(edge)) ?? 0) + 1);
  return edges.filter((edge) => {
    const key = canonicalJson(edge);
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}

const isEmpty = ({ kind, nodes, edges, branches, children, members, ...rest }: Omit<DefinitionDiff, 'isEqual'>) =>
  kind === undefined &&
  rest.default === undefined &&
  [nodes, edges, branches, children].every(({ added, removed }) => added.length + removed.length === 0) &&
  [nodes, branches, children].every(({ changed }) => changed.length === 0) &&
  [branches, children].every(({ order }) => order === undefined) &&
  members.length === 0;
