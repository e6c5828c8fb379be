import { z } from 'zod';
import { FakeRunHost, graphExecution } from '../../../test/support/fake-run-host.js';
import { Problem, type FieldFault } from '../../platform/problem/problem.js';
import type { Definition } from '../definition/definition.js';
import { definitionHash } from '../definition/definition-hash.js';
import type { NodeRegistry, RegisteredNodeType } from '../node/node.registry.js';
import { GraphCompiler } from './graph-compiler.js';

const nodeType = (type: string, ports = ['next']): RegisteredNodeType => ({
  type,
  title: type,
  description: 'For tests.',
  config: z.strictObject({
    temperature: z.number().max(2).optional(),
    'a/b': z.object({ c: z.string() }).optional(),
    list: z.array(z.number()).optional(),
  }),
  ports,
  executor: { execute: async ({ path }) => ({ variables: { last: path.at(-1) } }) },
});

const TYPES = new Map([nodeType('ask'), nodeType('choose', ['yes', 'no'])].map((type) => [type.type, type]));
const registry = {
  get: (type: string) => TYPES.get(type),
  isUsable: (type: string) => TYPES.has(type),
} as NodeRegistry;

const graph = (parts: object): Definition => ({
  kind: 'graph',
  nodes: [{ id: 'a', type: 'ask', config: {} }],
  edges: [],
  ...parts,
});
const node = (id: string, config: object = {}, type = 'ask') => ({ id, type, config });
const edge = (from: string, to: string, port = 'next') => ({ from, to, port });

describe('the graph compiler', () => {
  const compiler = new GraphCompiler(registry);
  const compile = (definition: Definition) => compiler.compile(definitionHash(definition), { definition, pins: {} });
  const problemOf = async (definition: Definition): Promise<Problem> => {
    const error: unknown = await compile(definition).then(
      () => undefined,
      (fault: unknown) => fault,
    );
    if (!(error instanceof Problem)) throw new Error(`It compiled, or failed with ${String(error)}.`);
    return error;
  };
  const faultsOf = async (definition: Definition): Promise<readonly FieldFault[]> => {
    const problem = await problemOf(definition);
    expect(problem.type.slug).toBe('validation-failed');
    return problem.extensions.errors as readonly FieldFault[];
  };

  it('makes a graph that runs', async () => {
    const compiled = await compile(graph({ nodes: [node('a'), node('b')], edges: [edge('a', 'b')] }));
    const outcome = compiled.run(graphExecution(new FakeRunHost()));
    expect(await outcome).toMatchObject({ output: { last: 'b' } });
  });

  it('names every fault at once, each with its pointer', async () => {
    const faults = await faultsOf(
      graph({
        nodes: [
          node('a', { temperature: 3, unknown: 1 }),
          node('a'),
          node('b', { 'a/b': { c: 1 } }),
          node('c', {}, 'choose'),
        ],
        edges: [edge('a', 'x'), edge('y', 'b'), edge('c', 'b', 'maybe'), edge('b', 'b')],
      }),
    );
    expect(faults.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/edges/0/to',
      '/edges/1/from',
      '/edges/2/port',
      '/edges/3',
      '/nodes/0/config',
      '/nodes/0/config/temperature',
      '/nodes/1/id',
      '/nodes/2/config/a~1b/c',
    ]);
    expect(faults).toContainEqual({ pointer: '/edges/0/to', detail: 'there is no node "x"' });
    expect(faults).toContainEqual({ pointer: '/edges/2/port', detail: 'node "c" has the ports yes, no' });
    expect(faults).toContainEqual({ pointer: '/nodes/1/id', detail: '"a" is used by another node' });
  });

  it('names faults of the structure', async () => {
    const faults = await faultsOf(graph({ nodes: [node('1')], edges: [{ from: 'a' }] }) as Definition);
    expect(faults.map(({ pointer }) => pointer).toSorted()).toEqual(['/edges/0/to', '/nodes/0/id']);
  });

  it.each([
    ['that never starts', [edge('a', 'b'), edge('b', 'a')], ['/edges/0', '/edges/1']],
    ['that never ends', [edge('a', 'b'), edge('b', 'c'), edge('c', 'b')], ['/edges/1', '/edges/2']],
  ])('refuses a graph %s', async (_, edges, pointers) => {
    const faults = await faultsOf(graph({ nodes: [node('a'), node('b'), node('c')], edges }));
    expect(faults).toEqual(pointers.map((pointer) => ({ pointer, detail: 'leads around in a circle' })));
  });

  it('knows the port that a contained failure takes', async () => {
    const nodes = (onError: object) => [{ ...node('c', {}, 'choose'), ...onError }, node('b')];
    const leads = (onError: object, port: string) =>
      graph({ nodes: nodes(onError), edges: [edge('c', 'b', port)] }) as Definition;
    await expect(compile(leads({ onError: 'continue' }, 'next'))).resolves.toBeDefined();
    await expect(compile(leads({ onError: { port: 'oops' } }, 'oops'))).resolves.toBeDefined();
    expect(await faultsOf(leads({}, 'next'))).toMatchObject([{ pointer: '/edges/0/port' }]);
    expect(await faultsOf(leads({ onError: { port: 'oops' } }, 'next'))).toMatchObject([{ pointer: '/edges/0/port' }]);
  });

  it('leaves what a reference stands for to be checked when it is resolved', async () => {
    const config = { temperature: '{{input.t}}', list: [1, '{{input.n}}'], 'a/b': '{{input.ab}}' };
    await expect(compile(graph({ nodes: [node('a', config)] }))).resolves.toBeDefined();
    const faults = await faultsOf(
      graph({ nodes: [node('a', { ...config, list: ['x', '{{input.n}}'], unknown: '{{x}}' })] }),
    );
    expect(faults.map(({ pointer }) => pointer).toSorted()).toEqual(['/nodes/0/config', '/nodes/0/config/list/0']);
  });

  it('says which node types this server lacks, each once', async () => {
    const nodes = [node('a'), node('b', {}, 'retrieve'), node('c', {}, 'retrieve'), node('d', {}, 'toString')];
    const problem = await problemOf(graph({ nodes }));
    expect(problem.type.slug).toBe('requirements-unmet');
    expect(problem.extensions).toEqual({ missingNodeTypes: ['retrieve', 'toString'] });
  });

  it('compiles a definition once for all who ask, also at the same time', async () => {
    const definition = graph({ name: 'once' });
    const graphs = await Promise.all([compile(definition), compile(definition), compile({ ...definition })]);
    expect(new Set(graphs).size).toBe(1);
    expect(await compile(definition)).toBe(graphs[0]);
    expect(await compile(graph({ name: 'other' }))).not.toBe(graphs[0]);
  });

  it('does not keep a failure: what was missing may be there the next time', async () => {
    const definition = graph({ nodes: [node('a', {}, 'late')] });
    await expect(compile(definition)).rejects.toThrow();
    TYPES.set('late', nodeType('late'));
    await expect(compile(definition)).resolves.toBeDefined();
  });

  it('keeps the 500 graphs that were used last', async () => {
    const used = await compile(graph({ name: 'used' }));
    const unused = await compile(graph({ name: 'unused' }));
    for (let index = 0; index < 499; index += 1) {
      await compile(graph({ name: `g${index}` }));
      await compile(graph({ name: 'used' }));
    }
    expect(await compile(graph({ name: 'used' }))).toBe(used);
    expect(await compile(graph({ name: 'unused' }))).not.toBe(unused);
  });
});
