import { pointerOf } from '../condition/json-pointer.js';
import { withBranches } from '../condition/short-form.js';
import {
  BranchDefinition,
  ChildDefinition,
  CompositeDefinition,
  ConditionalDefinition,
  DefinitionLimits,
  EdgeDefinition,
  GraphDefinition,
  NodeDefinition,
} from '../definition/definition.js';
import type { NodeRegistry } from '../node/node.registry.js';
import type { CompositeLevel, Level, LevelRole, Members, NodeView } from './definition-view.js';
import { readList } from './level-list.js';
import { isMembers } from './nested-definitions.js';
import { sitesOf } from './node-members.js';
import { structureFaults } from './structure-faults.js';
import { fault, type Violation } from './violation.js';

/** A definition by itself, and where the workflows inside it stand. */
export interface ParsedLevel {
  readonly level?: Level;
  readonly sites: readonly Site[];
  readonly faults: readonly Violation[];
}

/** A workflow inside a level: a definition, or the name of one. */
export interface Site {
  /** From the level. */
  readonly pointer: string;
  readonly role: LevelRole;
  readonly node?: NodeView;
}

/** Where a level is; what it is follows from its text. */
export type Place = Pick<Level, 'pointer' | 'depth' | 'role' | 'parent' | 'holder'>;

type Types = Pick<NodeRegistry, 'get'>;

/** @param own the level without the definitions inside it */
export function parseLevel(own: Members, place: Place, types: Types): ParsedLevel {
  switch (Object.hasOwn(own, 'kind') ? own.kind : undefined) {
    case 'graph':
      return parseGraph(own, place, types);
    case 'conditional':
      return parseConditional(own, place);
    case 'composite':
      return parseComposite(own, place);
    default:
      return { sites: [], faults: [noDefinition(place.pointer)] };
  }
}

function parseGraph(own: Members, place: Place, types: Types): ParsedLevel {
  const nodes = readList(own, 'nodes', NodeDefinition, (index) => ({ id: `n${index}`, type: 'sample' }));
  const edges = readList(own, 'edges', EdgeDefinition, () => ({ from: 'n0', to: 'n0' }));
  const parsed = GraphDefinition.safeParse({ ...own, nodes: nodes.stand, edges: edges.stand });
  const views = nodes.parts.map(({ part, index }) => nodeView(part, `${place.pointer}/nodes/${index}`, types));
  const sizes = {
    nodes: { code: 'too-many-nodes', count: nodes.length, of: 'nodes' },
    edges: { code: 'too-many-edges', count: edges.length, of: 'edges' },
  };
  return {
    level: {
      ...place,
      ...describedOf(own),
      kind: 'graph',
      nodes: views,
      edges: edges.parts.map(({ part, index }) => ({ ...part, pointer: `${place.pointer}/edges/${index}` })),
      ids: idsOf(own.nodes),
      output: own.output,
    },
    sites: views.flatMap((node) => node.sites.map((pointer) => siteOf(pointer, node, place))),
    faults: structureFaults([...(parsed.error?.issues ?? []), ...nodes.issues, ...edges.issues], place.pointer, sizes),
  };
}

const idsOf = (nodes: unknown): ReadonlySet<string> =>
  new Set(
    (Array.isArray(nodes) ? nodes : []).flatMap((raw: unknown) =>
      isMembers(raw) && typeof raw.id === 'string' ? [raw.id] : [],
    ),
  );

const siteOf = (pointer: string, node: NodeView, place: Place): Site => ({
  node,
  pointer: pointer.slice(place.pointer.length),
  role: pointer.startsWith(`${node.pointer}/config/body`) ? 'body' : 'child',
});

function nodeView(definition: NodeDefinition, pointer: string, types: Types): NodeView {
  const registered = types.get(definition.type);
  const type = registered?.internal ? undefined : registered;
  const { config, id } = definition;
  const sites = sitesOf(config, type).map((site) => `${pointer}/config${site}`);
  return { pointer, id, definition, config, type, ports: portsOf(config, type), sites };
}

/** A type is foreign code that is given what anyone wrote. */
function portsOf(config: Members, type: NodeView['type']): readonly string[] | undefined {
  if (typeof type?.ports !== 'function') return type?.ports;
  try {
    const ports = type.ports(config);
    return ports.length > 0 ? ports : undefined;
  } catch {
    return undefined;
  }
}

function parseConditional(own: Members, place: Place): ParsedLevel {
  const normalised = withBranches(own);
  if ('faults' in normalised) return unreadableShortForm(own, place, normalised.faults);
  const { definition } = normalised;
  const written = isMembers(own.conditions) ? writtenPath(own, Object.keys(own.conditions)) : asWritten;
  const list = readList(definition, 'branches', BranchDefinition, sampleBranch);
  const parsed = ConditionalDefinition.safeParse({ ...definition, branches: list.stand });
  const pointerTo = (...path: readonly PropertyKey[]): string =>
    place.pointer + pointerOf(written(['branches', ...path]));
  const sizes = { branches: { code: 'too-many-branches', count: list.length, of: 'branches' } };
  const sites = Array.from({ length: list.length }, (_, index) => pointerOf(written(['branches', index])));
  return {
    level: {
      ...place,
      ...describedOf(own),
      kind: 'conditional',
      branches: list.parts.map(({ part: { id, when }, index }) => ({
        id,
        when,
        pointer: pointerTo(index),
        whenPointer: pointerTo(index, 'when'),
      })),
      hasDefault: own.default !== undefined,
    },
    sites: [...sites, '/default'].map((pointer) => ({ pointer, role: 'branch' })),
    faults: structureFaults([...(parsed.error?.issues ?? []), ...list.issues], place.pointer, sizes, written),
  };
}

const sampleBranch = (index: number): object => ({ id: `b${index}`, when: { x: 1 }, workflow: 'sample' });

type Path = readonly PropertyKey[];

const asWritten = (path: Path): Path => path;

/** Where a path of the normalised form is in the short form. A name of a workflow may stand there alone. */
const writtenPath =
  (own: Members, names: readonly string[]) =>
  (path: Path): Path => {
    const [member, index, part, ...rest] = path;
    if (member === 'default') return typeof own.default === 'string' ? ['default'] : path;
    if (member !== 'branches') return path;
    const name = names[Number(index)];
    if (name === undefined) return ['conditions'];
    if (part === 'when') return ['conditions', name, ...rest.slice(1)];
    if (part === undefined || part === 'id') return ['workflows', name];
    const isAlone = isMembers(own.workflows) && typeof own.workflows[name] === 'string';
    return isAlone ? ['workflows', name] : ['workflows', name, part, ...rest];
  };

/** Without branches, but with what stands where their workflows would. */
function unreadableShortForm(
  own: Members,
  place: Place,
  found: readonly { readonly pointer: string; readonly detail: string }[],
): ParsedLevel {
  const issues = found.map(({ pointer, detail }) => ({
    code: 'custom' as const,
    path: namesOf(pointer),
    message: detail,
    input: undefined,
  }));
  const names = isMembers(own.workflows) ? Object.keys(own.workflows) : [];
  const sites = [...names.map((name) => pointerOf(['workflows', name])), '/default'];
  return {
    level: { ...place, ...describedOf(own), kind: 'conditional', branches: [], hasDefault: true },
    sites: sites.map((pointer) => ({ pointer, role: 'branch' })),
    faults: structureFaults(issues, place.pointer, {}),
  };
}

const namesOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));

function parseComposite(own: Members, place: Place): ParsedLevel {
  const list = readList(own, 'workflows', ChildDefinition, (index) => ({ id: `c${index}`, workflow: 'sample' }));
  const parsed = CompositeDefinition.safeParse({ ...own, workflows: list.stand });
  const sizes = { workflows: { code: 'too-many-children', count: list.length, of: 'children' } };
  const sites = Array.from({ length: list.length }, (_, index) => `/workflows/${index}`);
  return {
    level: {
      ...place,
      ...describedOf(own),
      kind: 'composite',
      strategy: parsed.data?.strategy ?? strategyOf(own.strategy),
      children: list.parts.map(({ part: { id, when, input }, index }) => ({
        id,
        when,
        input,
        pointer: `${place.pointer}/workflows/${index}`,
      })),
      hasDefault: own.default !== undefined,
    },
    sites: [...sites, '/default'].map((pointer) => ({ pointer, role: 'child' })),
    faults: structureFaults([...(parsed.error?.issues ?? []), ...list.issues], place.pointer, sizes),
  };
}

const strategyOf = (given: unknown): CompositeLevel['strategy'] =>
  given === 'parallel' || given === 'conditional' ? given : 'sequential';

const describedOf = ({ input, limits }: Members): Pick<Level, 'input' | 'limits'> => ({
  input: isMembers(input) ? input : undefined,
  limits: DefinitionLimits.safeParse(limits).data,
});

const noDefinition = (pointer: string): Violation =>
  fault(
    'invalid-structure',
    pointer,
    'The definition must be an object of the kind "graph", "conditional" or "composite".',
    'Send a definition such as { "kind": "graph", "nodes": [{ "id": "answer", "type": "model" }] }.',
  );
