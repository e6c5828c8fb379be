import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { coverage } from '../../src/workflow/condition/coverage.js';
import { decide } from '../../src/workflow/condition/branches.js';
import { ConditionalDefinition, Definition, type WorkflowTarget } from '../../src/workflow/definition/definition.js';

const FOLDER = join(import.meta.dirname, '../../examples');

async function example(name: string): Promise<ConditionalDefinition> {
  return ConditionalDefinition.parse(
    Definition.parse(JSON.parse(await readFile(join(FOLDER, `${name}.workflow.json`), 'utf8'))),
  );
}

/** Which branch takes an input, and what it runs. */
async function route(name: string, input: object): Promise<[string | null, WorkflowTarget]> {
  const { branches, default: otherwise } = await example(name);
  const { branch } = decide(branches, { input, variables: {}, nodes: {} });
  const { workflow, parameters } = branches.find(({ id }) => id === branch) ?? otherwise!;
  return [branch, { workflow, parameters }];
}

describe('the example support-routing', () => {
  const full = { workflow: 'full', parameters: { memoryWindow: 50 } };
  const tools = { workflow: 'tools', parameters: { memoryWindow: 20 } };

  it.each([
    ['at the lower bound of complexity', { queryComplexity: 0.7 }, 'complex', full],
    ['at the upper bound', { queryComplexity: 1 }, 'complex', full],
    [
      'complex and technical: the first match wins',
      { queryComplexity: 0.9, queryType: 'technical_support' },
      'complex',
      full,
    ],
    ['technical', { queryComplexity: 0.69, queryType: 'technical_support' }, 'technical', tools],
    ['technical, of unknown complexity', { queryType: 'technical_support' }, 'technical', tools],
    ['beyond the range', { queryComplexity: 1.01 }, null, { workflow: 'plain' }],
    ['of complexity as text', { queryComplexity: '0.9' }, null, { workflow: 'plain' }],
    ['of another type', { queryType: 'billing' }, null, { workflow: 'plain' }],
    ['without anything', {}, null, { workflow: 'plain' }],
  ])('routes a question %s', async (_, input, branch, target) => {
    expect(await route('support-routing', input)).toEqual([branch, target]);
  });
});

describe('the example document-analysis', () => {
  const full = { workflow: 'full', parameters: { memory: true } };

  it.each([
    ['a PDF', { documentType: 'pdf' }, 'text', { workflow: 'rag' }],
    ['a Word file', { documentType: 'docx' }, 'text', { workflow: 'rag' }],
    ['a text with images: the first match wins', { documentType: 'txt', hasImages: true }, 'text', { workflow: 'rag' }],
    ['a scan', { documentType: 'png', hasImages: true }, 'images', full],
    ['images of no type', { hasImages: true }, 'images', full],
    ['a table', { documentType: 'csv', hasImages: false }, null, { workflow: 'plain' }],
    ['"true" as text', { hasImages: 'true' }, null, { workflow: 'plain' }],
    ['nothing', {}, null, { workflow: 'plain' }],
  ])('routes %s', async (_, input, branch, target) => {
    expect(await route('document-analysis', input)).toEqual([branch, target]);
  });
});

it.each(['support-routing', 'document-analysis'])('%s leaves no branch without effect', async (name) => {
  const { branches, default: otherwise } = await example(name);
  const warnings = coverage({ branches, hasDefault: otherwise !== undefined, pointer: '/branches' });
  expect(warnings.filter(({ code }) => code !== 'condition-overlap' && code !== 'condition-gap')).toEqual([]);
});
