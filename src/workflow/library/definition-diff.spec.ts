import fc from 'fast-check';
import { Definition } from '../definition/definition.js';
import { canonicalJson } from '../../platform/schema/canonical-json.js';
import { definitionDiff, type DefinitionDiff, type EntriesDiff } from './definition-diff.js';

const NOTHING = { added: [], removed: [], changed: [] };
const NO_EDGES = { added: [], removed: [] };
const EQUAL: DefinitionDiff = {
  isEqual: true,
  nodes: NOTHING,
  edges: NO_EDGES,
  branches: NOTHING,
  children: NOTHING,
  members: [],
};

const node = (id: string, more: object = {}) => ({ id, type: 'set', config: {}, ...more });
const edge = (from: string, to: string, port = 'next') => ({ from, to, port });
const graph = (more: object = {}) => Definition.parse({ kind: 'graph', nodes: [node('a')], ...more });
const plain = (id: string, more: object = {}) => ({ id, workflow: 'plain', ...more });
const conditional = (branches: readonly object[], more: object = {}) =>
  Definition.parse({
    kind: 'conditional',
    branches: branches.map((branch) => ({ when: { x: 1 }, ...branch })),
    ...more,
  });
const composite = (workflows: readonly object[], more: object = {}) =>
  Definition.parse({ kind: 'composite', strategy: 'sequential', workflows, ...more });
const differing = (parts: Partial<DefinitionDiff>): DefinitionDiff => ({ ...EQUAL, isEqual: false, ...parts });

describe('the difference of two graphs', () => {
  it('tells nodes by id: those that came, went and changed, and where', () => {
    const before = graph({ nodes: [node('a', { config: { prompt: 'Hi', n: { x: 1 } } }), node('b'), node('c')] });
    const after = graph({
      nodes: [node('c'), node('d', { title: 'New' }), node('a', { type: 'model', config: { prompt: 'Ho', n: {} } })],
    });
    expect(definitionDiff(before, after)).toEqual(
      differing({
        nodes: {
          added: [node('d', { title: 'New' })],
          removed: [node('b')],
          changed: [
            {
              id: 'a',
              changes: [
                { pointer: '/type', before: 'set', after: 'model' },
                { pointer: '/config/prompt', before: 'Hi', after: 'Ho' },
                { pointer: '/config/n/x', before: 1 },
              ],
            },
          ],
        },
      }),
    );
  });

  it('tells edges that came and went, also of two that are alike', () => {
    const nodes = [node('a'), node('b')];
    const before = graph({ nodes, edges: [edge('a', 'b'), edge('a', 'b'), edge('a', 'b', 'error')] });
    const after = graph({ nodes, edges: [edge('b', 'a'), edge('a', 'b')] });
    expect(definitionDiff(before, after)).toEqual(
      differing({ edges: { added: [edge('b', 'a')], removed: [edge('a', 'b'), edge('a', 'b', 'error')] } }),
    );
  });

  it('does not mind the order of nodes and edges, nor of members', () => {
    const nodes = [node('a', { config: { x: 1, y: 2 } }), node('b')];
    const before = graph({ nodes, edges: [edge('a', 'b'), edge('a', 'b', 'error')] });
    const turned = [node('b'), node('a', { config: { y: 2, x: 1 } })];
    expect(definitionDiff(before, graph({ nodes: turned, edges: [edge('a', 'b', 'error'), edge('a', 'b')] }))).toEqual(
      EQUAL,
    );
  });

  it('tells every other member by its place', () => {
    const before = graph({ name: 'One', output: { text: '{{a}}' }, limits: { maxTokens: 5 } });
    const after = graph({ description: 'New', output: { text: '{{b}}' }, limits: { maxTokens: 5 } });
    expect(definitionDiff(before, after).members).toEqual([
      { pointer: '/name', before: 'One' },
      { pointer: '/output/text', before: '{{a}}', after: '{{b}}' },
      { pointer: '/description', after: 'New' },
    ]);
  });

  it('tells two nodes of one id apart, which a draft may have', () => {
    const before = graph({ nodes: [node('a', { title: '1' }), node('a', { title: '2' })] });
    const after = graph({ nodes: [node('a', { title: '1' }), node('a', { title: '3' }), node('a')] });
    expect(definitionDiff(before, after).nodes).toEqual({
      added: [node('a')],
      removed: [],
      changed: [{ id: 'a', changes: [{ pointer: '/title', before: '2', after: '3' }] }],
    });
  });
});

describe('the difference of two conditionals', () => {
  it('tells branches by id, and the default', () => {
    const before = conditional([plain('a'), plain('b')], { default: { workflow: 'plain' } });
    const after = conditional([plain('a', { when: { x: 2 } }), plain('c')], { default: { workflow: 'rag' } });
    expect(definitionDiff(before, after)).toEqual(
      differing({
        branches: {
          added: [plain('c', { when: { x: 1 } })],
          removed: [plain('b', { when: { x: 1 } })],
          changed: [{ id: 'a', changes: [{ pointer: '/when/x', before: 1, after: 2 }] }],
        },
        default: { changes: [{ pointer: '/workflow', before: 'plain', after: 'rag' }] },
      }),
    );
  });

  it('tells that branches are tried in another order, not that others came between', () => {
    const before = conditional([plain('a'), plain('b'), plain('c')]);
    expect(definitionDiff(before, conditional([plain('b'), plain('a'), plain('c')]))).toEqual(
      differing({ branches: { ...NOTHING, order: { before: ['a', 'b', 'c'], after: ['b', 'a', 'c'] } } }),
    );
    const { branches } = definitionDiff(before, conditional([plain('x'), plain('a'), plain('y'), plain('c')]));
    expect(branches.order).toBeUndefined();
  });

  it('looks into the definitions that branches hold', () => {
    const before = conditional([{ id: 'a', definition: graph({ nodes: [node('n'), node('m')] }) }]);
    const after = conditional([{ id: 'a', definition: graph({ nodes: [node('m'), node('n', { title: 'T' })] }) }]);
    const inner = differing({
      nodes: { ...NOTHING, changed: [{ id: 'n', changes: [{ pointer: '/title', after: 'T' }] }] },
    });
    expect(definitionDiff(before, after).branches.changed).toEqual([{ id: 'a', changes: [], definition: inner }]);
    expect(
      definitionDiff(before, conditional([plain('a')])).branches.changed[0]!.changes.map((c) => c.pointer),
    ).toEqual(['/definition', '/workflow']);
  });

  it('tells that a default came or went', () => {
    const otherwise = { workflow: 'plain' };
    const [without, having] = [conditional([plain('a')]), conditional([plain('a')], { default: otherwise })];
    expect(definitionDiff(without, having).default).toEqual({ changes: [{ pointer: '', after: otherwise }] });
    expect(definitionDiff(having, without).default).toEqual({ changes: [{ pointer: '', before: otherwise }] });
  });
});

describe('the difference of two composites', () => {
  it('tells children by id, their order, and how they run', () => {
    const before = composite([plain('a'), plain('b')]);
    const after = composite([plain('b', { timeoutMs: 5 }), plain('a')], { strategy: 'parallel', maxConcurrency: 2 });
    expect(definitionDiff(before, after)).toEqual(
      differing({
        children: {
          ...NOTHING,
          changed: [{ id: 'b', changes: [{ pointer: '/timeoutMs', after: 5 }] }],
          order: { before: ['a', 'b'], after: ['b', 'a'] },
        },
        members: [
          { pointer: '/strategy', before: 'sequential', after: 'parallel' },
          { pointer: '/maxConcurrency', before: 4, after: 2 },
        ],
      }),
    );
  });
});

describe('the difference of definitions of two kinds', () => {
  it('takes the old parts away, brings the new ones, and keeps what both have', () => {
    const before = graph({ name: 'One', nodes: [node('a'), node('b')], edges: [edge('a', 'b')] });
    const after = conditional([plain('a')], { name: 'One', default: { workflow: 'rag' } });
    expect(definitionDiff(before, after)).toEqual(
      differing({
        kind: { before: 'graph', after: 'conditional' },
        nodes: { ...NOTHING, removed: [node('a'), node('b')] },
        edges: { added: [], removed: [edge('a', 'b')] },
        branches: { ...NOTHING, added: [plain('a', { when: { x: 1 } })] },
        default: { changes: [{ pointer: '', after: { workflow: 'rag' } }] },
      }),
    );
  });
});

const id = fc.constantFrom('a', 'b', 'c');
const config = fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom(1, null, 'a', ['a'], { z: 1 }, { z: 2 }), {
  noNullPrototype: true,
});
const nodes = fc.record({ id, type: fc.constantFrom('set', 'model'), config });
const edges = fc.array(fc.record({ from: id, to: id, port: fc.constantFrom('next', 'error') }), { maxLength: 3 });
const graphOf = (parts: fc.Arbitrary<object[]>) =>
  fc.record({ kind: fc.constant('graph'), nodes: parts, edges, output: config }, { requiredKeys: ['kind', 'nodes'] });
const graphs = graphOf(fc.uniqueArray(nodes, { selector: (each) => each.id, minLength: 1 }));
const target = fc.oneof(
  fc.record({ workflow: fc.constantFrom('plain', 'rag') }),
  fc.record({ definition: graphs.map((value) => Definition.parse(value)) }),
);
const targets = (more: object) =>
  fc
    .uniqueArray(fc.tuple(id, target), { selector: ([key]) => key, minLength: 1 })
    .map((pairs) => pairs.map(([key, part]) => ({ id: key, ...more, ...part })));
const conditionals = fc.record(
  { kind: fc.constant('conditional'), branches: targets({ when: { x: 1 } }), default: target },
  { requiredKeys: ['kind', 'branches'] },
);
const composites = fc.record({
  kind: fc.constant('composite'),
  strategy: fc.constantFrom('sequential', 'parallel'),
  workflows: targets({}),
});
const parsed = (value: unknown) => Definition.parse(value);
/** Ids come once. */
const definitions = fc.oneof(graphs, conditionals, composites).map(parsed);
/** As a draft may be: ids of nodes come any number of times. */
const drafts = fc.oneof(graphOf(fc.array(nodes, { minLength: 1, maxLength: 5 })).map(parsed), definitions);

/** The same definition with its nodes and edges in the order of their text, at every level. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const isSet = (key === 'nodes' || key === 'edges') && Array.isArray(member);
      return [key, isSet ? member.toSorted(byText) : sorted(member)];
    }),
  );
}
const byText = (a: unknown, b: unknown) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1);
const ids = ({ added, removed, changed }: EntriesDiff) => ({
  added: added.map((entry) => canonicalJson(entry)),
  removed: removed.map((entry) => canonicalJson(entry)),
  changed: changed.map((entry) => entry.id).toSorted(),
});

describe('the difference of any two definitions', () => {
  it('is none of one and itself', () => {
    fc.assert(
      fc.property(drafts, (value) => {
        expect(definitionDiff(value, JSON.parse(canonicalJson(value)) as Definition)).toEqual(EQUAL);
        expect(definitionDiff(value, value.kind === 'graph' ? turned(value) : value).isEqual).toBe(
          hasDistinctIds(value),
        );
      }),
    );
  });

  it('is none only when nothing but the order of nodes and edges differs', () => {
    fc.assert(
      fc.property(definitions, definitions, (before, after) => {
        const isSame = canonicalJson(sorted(before)) === canonicalJson(sorted(after));
        expect(definitionDiff(before, after).isEqual).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same seen from the other side, with what came and what went exchanged', () => {
    fc.assert(
      fc.property(drafts, drafts, (before, after) => {
        const [there, back] = [definitionDiff(before, after), definitionDiff(after, before)];
        for (const part of ['nodes', 'branches', 'children'] as const) {
          const { added, removed, changed } = ids(there[part]);
          expect(ids(back[part])).toEqual({ added: removed, removed: added, changed });
        }
        expect(back.edges).toEqual({ added: there.edges.removed, removed: there.edges.added });
        expect(back.isEqual).toBe(there.isEqual);
      }),
    );
  });

  it('accounts for every node and edge', () => {
    fc.assert(
      fc.property(drafts, drafts, (before, after) => {
        const diff = definitionDiff(before, after);
        for (const part of ['nodes', 'edges'] as const) {
          const count = (value: Definition) => (value.kind === 'graph' ? value[part].length : 0);
          expect(count(before) - diff[part].removed.length + diff[part].added.length).toBe(count(after));
        }
      }),
    );
  });
});

type Graph = Extract<Definition, { kind: 'graph' }>;

const turned = (value: Graph): Graph => ({
  ...value,
  nodes: value.nodes.toReversed(),
  edges: value.edges.toReversed(),
});

/** Or such as are alike, so that their order means nothing. */
function hasDistinctIds(value: Definition): boolean {
  if (value.kind !== 'graph') return true;
  const byId = Map.groupBy(value.nodes, (each) => each.id);
  return [...byId.values()].every((group) => {
    const texts = group.map((each) => canonicalJson(each));
    return texts.join() === texts.toReversed().join();
  });
}
