import { WorkflowBench, lineOf } from '../../test/support/workflow-bench.js';
import { Problem, type FieldFault } from '../platform/problem/problem.js';
import { bundleHash } from './definition/bundle.js';
import { Definition } from './definition/definition.js';
import { definitionHash } from './definition/definition-hash.js';
import { GraphCompiler } from './graph/graph-compiler.js';
import { WorkflowBundler } from './workflow-bundler.js';
import type { ResolvedWorkflow, WorkflowResolver } from './workflow-resolver.js';
import { requirementsUnmet, workflowUnknown } from './workflow.errors.js';

const calls = (workflow: string, parameters?: object) =>
  lineOf(['w', 'workflow', { workflow, ...(parameters && { parameters }) }]);
const LEAF = lineOf(['s', 'set', { values: { leaf: true } }]);

describe('the workflow bundler', () => {
  const { registry: types } = new WorkflowBench();
  let looks: number;
  const registry = {
    ...types,
    get: (type: string) => {
      looks += 1;
      return types.get(type);
    },
  } as typeof types;
  let library: Record<string, object>;
  let asked: unknown[];
  let bundler: WorkflowBundler;

  beforeEach(() => {
    library = {};
    asked = [];
    looks = 0;
    const resolver = {
      resolve: async (workspaceId: string, name: string, parameters: object, options: object) => {
        asked.push([workspaceId, name, parameters, options]);
        const definition = Object.hasOwn(library, name) ? library[name] : undefined;
        if (!definition) throw workflowUnknown(`There is no workflow "${name}".`);
        const [id, version] = name.split('@');
        const found = { id: `id-of-${id}`, name: id!, version: Number(version ?? 1), parameters: { built: 'with' } };
        return { ...found, definition: Definition.parse(definition) } satisfies ResolvedWorkflow;
      },
    } as unknown as WorkflowResolver;
    bundler = new WorkflowBundler(resolver, registry);
  });

  const bundle = (definition: object) => bundler.bundle('w', Definition.parse(definition));
  const problemOf = async (definition: object): Promise<Problem> => {
    const error: unknown = await bundle(definition).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof Problem) return error;
    throw new Error(`Expected a problem, not ${String(error)}`);
  };
  const faultsOf = async (definition: object): Promise<readonly FieldFault[]> =>
    (await problemOf(definition)).extensions.errors as readonly FieldFault[];

  it('pins what is referred to at any depth, each reference once', async () => {
    library = { one: calls('two'), two: LEAF, 'two@3': LEAF };
    const root = lineOf(
      ['a', 'workflow', { workflow: 'one' }],
      ['b', 'map', { items: [], body: 'two' }],
      ['c', 'loop', { body: { ...calls('two@3') }, until: { x: 1 } }],
      ['d', 'composite', { strategy: 'parallel', workflows: [{ id: 'x', workflow: 'one' }] }],
    );
    const { pins, definition } = await bundle(root);
    expect(definition).toEqual(Definition.parse(root));
    expect(Object.keys(pins).toSorted()).toEqual(['one', 'two', 'two@3']);
    expect(pins['two@3']).toEqual({ id: 'id-of-two', name: 'two', version: 3, definition: Definition.parse(LEAF) });
    expect(asked.map((call) => (call as unknown[])[1]).toSorted()).toEqual(['one', 'two', 'two@3']);
  });

  it('asks for the workspace, with the parameters as input too', async () => {
    library = { built: LEAF };
    const { pins } = await bundle(calls('built', { b: 1, a: 2 }));
    expect(asked).toEqual([['w', 'built', { b: 1, a: 2 }, { parametersAreInput: true }]]);
    expect(Object.keys(pins)).toEqual(['built {"a":2,"b":1}']);
  });

  it('pins one workflow with different parameters apart', async () => {
    library = { built: LEAF };
    const { pins } = await bundle(
      lineOf(
        ['a', 'workflow', { workflow: 'built', parameters: { x: 1 } }],
        ['b', 'workflow', { workflow: 'built', parameters: { x: 2 } }],
        ['c', 'workflow', { workflow: 'built' }],
      ),
    );
    expect(Object.keys(pins)).toHaveLength(3);
  });

  it('finds the references of branches, children and defaults', async () => {
    library = { a: LEAF, b: LEAF, c: LEAF, d: LEAF };
    const composite = {
      kind: 'composite',
      strategy: 'conditional',
      workflows: [{ id: 'x', workflow: 'c', when: { n: 1 } }],
      default: { id: 'y', workflow: 'd' },
    };
    const { pins } = await bundle({
      kind: 'conditional',
      conditions: { n: 1, m: 2 },
      workflows: { n: 'a', m: { definition: composite } },
      default: 'b',
    });
    expect(Object.keys(pins).toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('makes what a run needs: it compiles and runs whatever becomes of the library', async () => {
    library = {
      one: calls('two'),
      two: { kind: 'conditional', conditions: { n: 1 }, workflows: { n: 'three' } },
      three: LEAF,
    };
    const made = await bundle({ ...calls('one'), output: '{{result.result.leaf}}' });
    library = {};
    const { outcome } = new WorkflowBench().run(made.definition, { pins: made.pins, input: { n: 1 } });
    expect((await outcome).output).toBe(true);
    await expect(new GraphCompiler(registry).compile('h', JSON.parse(JSON.stringify(made)))).resolves.toBeDefined();
  });

  it.each([
    ['of a node', lineOf(['a', 'set', { values: {} }], ['w', 'workflow', { workflow: 'gone' }]), '/nodes/1/config'],
    ['of a body', lineOf(['m', 'map', { items: [], body: 'gone' }]), '/nodes/0/config/body'],
    ['inside a body', lineOf(['m', 'map', { items: [], body: calls('gone') }]), '/nodes/0/config/body/nodes/0/config'],
    ['of a branch', { kind: 'conditional', branches: [{ id: 'b', when: { n: 1 }, workflow: 'gone' }] }, '/branches/0'],
    [
      'of a default',
      { kind: 'conditional', branches: [{ id: 'b', when: { n: 1 }, definition: LEAF }], default: { workflow: 'gone' } },
      '/default',
    ],
    [
      'of a child',
      { kind: 'composite', strategy: 'parallel', workflows: [{ id: 'x', workflow: 'gone' }] },
      '/workflows/0',
    ],
  ])('names the place and the name %s that names nothing', async (_, definition, pointer) => {
    expect(await faultsOf(definition)).toEqual([{ pointer, detail: 'There is no workflow "gone".' }]);
  });

  it('names the place, too, of a workflow that cannot be run', async () => {
    const resolver = { resolve: () => Promise.reject(requirementsUnmet('It lacks a tool.')) };
    const failing = new WorkflowBundler(resolver as unknown as WorkflowResolver, registry);
    await expect(failing.bundle('w', Definition.parse(calls('one')))).rejects.toMatchObject({
      type: { slug: 'requirements-unmet' },
      extensions: { workflow: 'one', pointer: '/nodes/0/config' },
    });
  });

  it('takes workflows five deep inside others, and no deeper', async () => {
    const deep = (levels: number): object =>
      levels === 0 ? LEAF : lineOf(['w', 'workflow', { definition: deep(levels - 1) }]);
    await expect(bundle(deep(5))).resolves.toBeDefined();
    const [fault] = await faultsOf(deep(6));
    expect(fault?.detail).toContain('more than 5 workflows deep');
    expect(fault?.pointer).toBe('/nodes/0/config/definition'.repeat(6));
    const compiler = new GraphCompiler(registry);
    await expect(compiler.compile('5', { definition: Definition.parse(deep(5)), pins: {} })).resolves.toBeDefined();
    await expect(compiler.compile('6', { definition: Definition.parse(deep(6)), pins: {} })).rejects.toThrow();
  });

  it('counts the depth through references too', async () => {
    for (let level = 0; level < 7; level += 1) library[`w${level}`] = level === 0 ? LEAF : calls(`w${level - 1}`);
    await expect(bundle(calls('w4'))).resolves.toBeDefined();
    expect((await faultsOf(calls('w5')))[0]?.detail).toContain('deep');
  });

  it.each([
    ['itself', { self: calls('self') }, 'self'],
    ['itself by way of others', { one: calls('two'), two: lineOf(['m', 'map', { items: [], body: 'one' }]) }, 'one'],
    [
      'itself by another name',
      { one: calls('two'), two: { ...calls('one'), name: 'two' }, 'one@1': calls('two') },
      'one@1',
    ],
  ])('refuses a definition that reaches %s', async (_, workflows, start) => {
    library = workflows;
    expect((await faultsOf(calls(start)))[0]?.detail).toBe('leads back to the definition it is inside of');
  });

  it('is quick to refuse references that multiply', async () => {
    const wide = (to: string) =>
      lineOf(...Array.from({ length: 100 }, (_, index) => [`w${index}`, 'workflow', { workflow: to }] as const));
    library = { a: wide('b'), b: wide('c'), c: wide('d'), d: wide('e'), e: LEAF };
    expect((await faultsOf(wide('a')))[0]?.detail).toContain('more than 1000 definitions');
    expect(asked.length).toBeLessThan(10);
    expect(looks).toBeLessThan(2_000);
  });

  it('refuses more than 200 references', async () => {
    for (let index = 0; index < 201; index += 1) library[`l${index}`] = { ...LEAF, name: `l${index}` };
    const hundred = (from: number, count: number) =>
      lineOf(
        ...Array.from(
          { length: count },
          (_, index) => [`w${index}`, 'workflow', { workflow: `l${from + index}` }] as const,
        ),
      );
    const bodies = (...lines: readonly object[]) =>
      lineOf(...lines.map((body, index) => [`m${index}`, 'map', { items: [], body }] as const));
    await expect(bundle(bodies(hundred(0, 100), hundred(100, 100)))).resolves.toBeDefined();
    const [fault] = await faultsOf(bodies(hundred(0, 100), hundred(100, 100), hundred(200, 1)));
    expect(fault?.detail).toContain('more than 200 workflows');
  });

  it('names the faults of a definition inside', async () => {
    const faults = await faultsOf(lineOf(['m', 'map', { items: [], body: { kind: 'graph', nodes: [] } }]));
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/nodes/0/config/body/nodes']);
  });

  describe('and the hash of what it makes', () => {
    it('is that of the definition when it refers to nothing', async () => {
      const made = await bundle(LEAF);
      expect(bundleHash(made)).toBe(definitionHash(made.definition));
    });

    it('is another one when something it refers to has changed, and the same when nothing has', async () => {
      library = { one: calls('two'), two: LEAF };
      const first = bundleHash(await bundle(calls('one')));
      expect(bundleHash(await bundle(calls('one')))).toBe(first);
      library = { ...library, two: lineOf(['s', 'set', { values: { leaf: false } }]) };
      expect(bundleHash(await bundle(calls('one')))).not.toBe(first);
    });
  });
});
