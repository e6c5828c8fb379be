import { Problem } from '../../platform/problem/problem.js';
import type { Violation } from './library.errors.js';
import { MAX_DEFINITION_BYTES, storedDefinition } from './stored-definition.js';

const graph = (more: object = {}) => ({ kind: 'graph', nodes: [{ id: 'a', type: 'set' }], ...more });

function violationsOf(given: unknown): readonly Violation[] {
  try {
    storedDefinition(given);
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.type).toMatchObject({ slug: 'validation-failed', status: 422 });
    const violations = error.extensions.violations as readonly Violation[];
    expect(error.extensions.errors).toEqual(violations.map(({ pointer, message }) => ({ pointer, detail: message })));
    return violations;
  }
}

const pointersOf = (given: unknown): readonly string[] => violationsOf(given).map(({ pointer }) => pointer);

describe('a definition to be stored', () => {
  it('is completed with its defaults', () => {
    expect(storedDefinition(graph({ edges: [{ from: 'a', to: 'a' }] }))).toEqual({
      kind: 'graph',
      nodes: [{ id: 'a', type: 'set', config: {} }],
      edges: [{ from: 'a', to: 'a', port: 'next' }],
    });
  });

  it('is stored as itself once it was stored', () => {
    const short = {
      kind: 'conditional',
      conditions: { language: ['en', 'de'], length: { min: 1 } },
      workflows: { language: 'plain', length: { definition: graph() } },
      default: 'plain',
    };
    const stored = storedDefinition(short);
    expect(stored).toMatchObject({ branches: [{ id: 'language' }, { id: 'length' }], default: { workflow: 'plain' } });
    expect(stored).not.toHaveProperty('conditions');
    expect(storedDefinition(stored)).toEqual(stored);
  });

  it.each([
    ['nothing', undefined, ['/definition']],
    ['a list', [], ['/definition']],
    ['no kind', {}, ['/definition/kind']],
    ['no nodes', { kind: 'graph' }, ['/definition/nodes']],
    [
      'faults deep inside',
      graph({ nodes: [{ id: '1', type: 7 }] }),
      ['/definition/nodes/0/id', '/definition/nodes/0/type'],
    ],
    ['an unknown member', graph({ colour: 1 }), ['/definition/colour']],
    [
      'a bad definition in a branch',
      { kind: 'conditional', branches: [{ id: 'a', when: { x: 1 }, definition: { kind: 'graph', nodes: [] } }] },
      ['/definition/branches/0/definition/nodes'],
    ],
    [
      'a bad short form',
      { kind: 'conditional', conditions: { a: 1 }, workflows: { b: 'plain' } },
      ['/definition/conditions/a', '/definition/workflows/b'],
    ],
  ])('is refused with a place for each fault: %s', (_, given, pointers) => {
    expect(pointersOf(given).toSorted()).toEqual(pointers);
  });

  it('tells at most 200 faults', () => {
    const edges = Array.from({ length: 200 }, () => ({ from: '1', to: '2' }));
    const nodes = Array.from({ length: 100 }, () => ({ id: '1', type: '' }));
    expect(violationsOf(graph({ nodes, edges }))).toHaveLength(200);
  });

  it('is refused when its long form could not be sent back', () => {
    const pad = (length: number) => ({ description: 'x'.repeat(2_000), output: 'x'.repeat(length) });
    const spare = MAX_DEFINITION_BYTES - JSON.stringify(storedDefinition(graph(pad(0)))).length;
    expect(pointersOf(graph(pad(spare)))).toEqual([]);
    expect(pointersOf(graph(pad(spare + 1)))).toEqual(['/definition']);

    const nested = (levels: number) => {
      let expectation: unknown = 1;
      for (let level = 0; level < levels; level += 1) expectation = { all: [expectation] };
      return { kind: 'conditional', conditions: { x: expectation }, workflows: { x: 'plain' } };
    };
    expect(pointersOf(nested(13))).toEqual([]);
    expect(pointersOf(nested(14)).join()).toMatch(/^\/definition\/branches\/0\/when\/x\/all\/0/);
  });

  it('is refused, not looked into, when it is nested very deep', () => {
    let definition: object = graph();
    for (let level = 0; level < 2_000; level += 1)
      definition = { kind: 'conditional', branches: [{ id: 'a', when: { x: 1 }, definition }] };
    expect(violationsOf(definition)).toMatchObject([{ message: 'is nested deeper than 32' }]);
  });
});
