import { decide, type Branch } from './branches.js';
import { withBranches } from './short-form.js';

const definitionOf = (definition: Readonly<Record<string, unknown>>) => {
  const normalised = withBranches(definition);
  return 'definition' in normalised ? normalised.definition : undefined;
};

const faultsOf = (definition: unknown) => {
  const normalised = withBranches(definition as Readonly<Record<string, unknown>>);
  return 'faults' in normalised ? normalised.faults.map(({ pointer, detail }) => [pointer, detail]) : [];
};

const support = {
  kind: 'conditional',
  name: 'Support',
  conditions: { queryComplexity: { min: 0.7, max: 1 }, queryType: 'technical_support' },
  workflows: {
    queryType: { workflow: 'tools', parameters: { memory: { window: 20 } } },
    queryComplexity: { workflow: 'full', parameters: { memory: { window: 50 } } },
  },
  default: 'plain',
};

describe('the short form', () => {
  it('becomes branches in the order of the conditions', () => {
    expect(definitionOf(support)).toEqual({
      kind: 'conditional',
      name: 'Support',
      branches: [
        {
          id: 'queryComplexity',
          when: { queryComplexity: { min: 0.7, max: 1 } },
          workflow: 'full',
          parameters: { memory: { window: 50 } },
        },
        {
          id: 'queryType',
          when: { queryType: 'technical_support' },
          workflow: 'tools',
          parameters: { memory: { window: 20 } },
        },
      ],
      default: { workflow: 'plain' },
    });
  });

  it('takes references, definitions and dotted names, and needs no default', () => {
    const definition = { kind: 'graph', nodes: [] };
    expect(
      definitionOf({
        kind: 'conditional',
        conditions: { 'input.documentType': ['pdf', 'docx'], hasImages: true },
        workflows: { 'input.documentType': 'rag@3', hasImages: { definition } },
      }),
    ).toEqual({
      kind: 'conditional',
      branches: [
        { id: 'input.documentType', when: { 'input.documentType': ['pdf', 'docx'] }, workflow: 'rag@3' },
        { id: 'hasImages', when: { hasImages: true }, definition },
      ],
    });
  });

  it('decides by the order in which the text had the conditions', () => {
    const text = '{"conditions":{"zeta":true,"alpha":true},"workflows":{"alpha":"a","zeta":"z"}}';
    const branches = definitionOf(JSON.parse(text) as Readonly<Record<string, unknown>>)?.[
      'branches'
    ] as readonly Branch[];
    expect(decide(branches, { input: { zeta: true, alpha: true }, variables: {}, nodes: {} }).branch).toBe('zeta');
  });

  it('leaves a definition that already has branches as it is', () => {
    const long = definitionOf(support) ?? {};
    expect(definitionOf(long)).toBe(long);
    const graph = { kind: 'graph', nodes: [] };
    expect(definitionOf(graph)).toBe(graph);
  });

  it.each([
    ['a condition without a workflow', { conditions: { a: 1, b: 2 }, workflows: { a: 'plain' } }, ['/conditions/b']],
    ['a workflow without a condition', { conditions: { a: 1 }, workflows: { a: 'plain', b: 'rag' } }, ['/workflows/b']],
    ['an unknown operator', { conditions: { a: { like: 1 } }, workflows: { a: 'plain' } }, ['/conditions/a/like']],
    [
      'a name that is a number',
      { conditions: { z: 1, 10: 2 }, workflows: { z: 'plain', 10: 'rag' } },
      ['/conditions/10'],
    ],
    ['a name that composes', { conditions: { any: ['x'] }, workflows: { any: 'plain' } }, ['/conditions/any']],
    [
      'a name that cannot be looked up',
      { conditions: { 'a/.constructor': 1 }, workflows: { 'a/.constructor': 'p' } },
      ['/conditions/a~1.constructor'],
    ],
    ['a workflow that is no reference', { conditions: { a: 1 }, workflows: { a: 5 } }, ['/workflows/a']],
    ['conditions alone', { conditions: { a: 1 } }, ['/workflows']],
    ['workflows alone', { workflows: { a: 'plain' } }, ['/conditions']],
    ['conditions that are a list', { conditions: [1], workflows: {} }, ['/conditions']],
    ['both forms', { branches: [], conditions: {}, workflows: {} }, ['/branches']],
    [
      'several faults',
      { conditions: { a: {}, 1: 1, b: 2 }, workflows: { c: 'x' } },
      ['/conditions/1', '/conditions/1', '/conditions/a', '/conditions/a', '/conditions/b', '/workflows/c'],
    ],
  ])('may not have %s', (_, definition, pointers) => {
    expect(faultsOf({ kind: 'conditional', ...definition }).map(([pointer]) => pointer)).toEqual(pointers);
  });

  it('says why a number is no name', () => {
    expect(faultsOf({ conditions: { 10: true }, workflows: { 10: 'plain' } })).toEqual([
      [
        '/conditions/10',
        'is a number, and JSON does not keep the order of such names; begin it with "input." or "variables.", or use branches',
      ],
    ]);
  });

  it('is not confused by names of the prototype', () => {
    const text = '{"conditions":{"toString":"x","__proto__":1},"workflows":{"__proto__":"plain"}}';
    expect(faultsOf(JSON.parse(text)).map(([pointer]) => pointer)).toEqual([
      '/conditions/toString',
      '/conditions/__proto__',
    ]);
    expect(definitionOf({ conditions: { toString: 'x' }, workflows: { toString: 'plain' } })).toEqual({
      branches: [{ id: 'toString', when: { toString: 'x' }, workflow: 'plain' }],
    });
  });
});
