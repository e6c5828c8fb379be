import { decide } from './branches.js';
import type { ReferenceScope } from '../definition/lookup.js';

const chat = (input: Readonly<Record<string, unknown>>): ReferenceScope => ({ input, variables: {}, nodes: {} });

describe('support routing', () => {
  const branches = [
    { id: 'complex', when: { queryComplexity: { min: 0.7, max: 1 } } },
    { id: 'technical', when: { queryType: 'technical_support' } },
  ];

  it.each([
    [{ queryComplexity: 0.7 }, 'complex'],
    [{ queryComplexity: 1 }, 'complex'],
    [{ queryComplexity: 0.9, queryType: 'technical_support' }, 'complex'],
    [{ queryComplexity: 0.2, queryType: 'technical_support' }, 'technical'],
    [{ queryType: 'technical_support' }, 'technical'],
    [{ queryComplexity: 0.69, queryType: 'billing' }, null],
    [{ queryComplexity: '0.9' }, null],
    [{}, null],
  ])('%j takes %s', (input, branch) => {
    expect(decide(branches, chat(input)).branch).toBe(branch);
  });
});

describe('document analysis', () => {
  const branches = [
    { id: 'text', when: { documentType: ['pdf', 'docx', 'txt'] } },
    { id: 'images', when: { hasImages: true } },
  ];

  it.each([
    [{ documentType: 'pdf', hasImages: true }, 'text'],
    [{ documentType: 'txt' }, 'text'],
    [{ documentType: 'png', hasImages: true }, 'images'],
    [{ hasImages: true }, 'images'],
    [{ documentType: 'png', hasImages: 'true' }, null],
    [{ documentType: 'png', hasImages: false }, null],
  ])('%j takes %s', (input, branch) => {
    expect(decide(branches, chat(input)).branch).toBe(branch);
  });
});

describe('a decision', () => {
  const branches = [
    { id: 'first', when: { score: { min: 5 } } },
    { id: 'second', when: { score: { min: 3 } } },
    { id: 'third', when: {} },
  ];

  it('explains the branches that were tried, up to the first that matched', () => {
    expect(decide(branches, chat({ score: 4 }))).toEqual({
      branch: 'second',
      explanation: [
        { branch: 'first', matched: false, reasons: [expect.objectContaining({ actual: '4', why: '4 is below 5' })] },
        { branch: 'second', matched: true, reasons: [expect.objectContaining({ actual: '4', matched: true })] },
      ],
    });
  });

  it('takes the first of several that match', () => {
    expect(decide(branches, chat({ score: 9 })).branch).toBe('first');
  });

  it('takes a branch that asks nothing', () => {
    expect(decide(branches, chat({ score: 1 }))).toMatchObject({
      branch: 'third',
      explanation: [{}, {}, { matched: true, reasons: [] }],
    });
  });

  it('without branches is for the default', () => {
    expect(decide([], chat({}))).toEqual({ branch: null, explanation: [] });
  });
});
