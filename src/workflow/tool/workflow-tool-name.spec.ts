import fc from 'fast-check';
import { newId } from '../../platform/clock/id.js';
import { TOOL_NAME } from '../../tool/tool-name.js';
import { namedWorkflow, workflowToolName } from './workflow-tool-name.js';

const id = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

describe('the name of a workflow as a tool', () => {
  it.each([
    ['support-triage', 'workflow__support-triage'],
    ['Q_3', 'workflow__Q_3'],
    ['a'.repeat(54), `workflow__${'a'.repeat(54)}`],
    ['a'.repeat(55), `workflow__${'a'.repeat(41)}_7c8d9e0f1a2b`],
    ['Monthly report (EU)', 'workflow__Monthly_report_EU__7c8d9e0f1a2b'],
    ['Größe', 'workflow__Gro_e_7c8d9e0f1a2b'],
    ['日本語', 'workflow____7c8d9e0f1a2b'],
    ['report_000000000000', 'workflow__report_000000000000_7c8d9e0f1a2b'],
  ])('%s is %s', (name, tool) => {
    expect(workflowToolName({ id, name })).toBe(tool);
  });

  it('is one a tool may have, is found again and is no other workflow’s', () => {
    const workflow = fc
      .string({ minLength: 1, maxLength: 100, unit: 'grapheme' })
      .map((name) => ({ id: newId(), name }));
    fc.assert(
      fc.property(fc.uniqueArray(workflow, { maxLength: 20, selector: ({ name }) => name }), (workflows) => {
        const names = workflows.map(workflowToolName);
        expect(new Set(names).size).toBe(names.length);
        for (const [index, tool] of names.entries()) {
          expect(tool).toMatch(TOOL_NAME);
          const named = namedWorkflow(tool)!;
          const { id: own, name } = workflows[index]!;
          expect('name' in named ? named.name === name : own.endsWith(named.idTail)).toBe(true);
        }
      }),
    );
  });

  it.each(['calculator', 'workflow_x', '__proto__', ''])('is not %j', (tool) => {
    expect(namedWorkflow(tool)).toBeUndefined();
  });
});
