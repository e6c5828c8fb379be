import { Injectable } from '@nestjs/common';
import { validationFailed } from '../platform/problem/http.errors.js';
import type { Definition } from './definition/definition.js';
import { schemaFaults } from './definition/schema-faults.js';
import { TemplateRegistry } from './template/template.registry.js';
import { requirementsUnmet, workflowUnknown } from './workflow.errors.js';

export interface ResolvedWorkflow {
  readonly name: string;
  readonly definition: Definition;
}

/** Modes whose node types this build does not have yet. */
const MODES_TO_COME = new Map([
  ['rag', ['retrieve']],
  ['tools', ['agent']],
  ['full', ['retrieve', 'agent']],
]);

/** Finds what a caller's `workflow` names, and builds its definition. */
@Injectable()
export class WorkflowResolver {
  constructor(private readonly templates: TemplateRegistry) {}

  /** @throws Problem workflow-unknown, requirements-unmet, or validation-failed for parameters that do not fit */
  resolve(name: string, parameters: Readonly<Record<string, unknown>>): ResolvedWorkflow {
    const missingNodeTypes = MODES_TO_COME.get(name);
    if (missingNodeTypes) {
      throw requirementsUnmet(
        `Workflow "${name}" needs the node types ${missingNodeTypes.join(' and ')}, which this server does not have.`,
        {
          extensions: { missingNodeTypes },
        },
      );
    }
    const template = this.templates.get(name);
    if (!template) throw workflowUnknown(`There is no workflow "${name}" in this workspace. "plain" is always there.`);
    const parsed = template.parameters.safeParse(parameters);
    if (!parsed.success) {
      throw validationFailed(schemaFaults(parsed.error.issues, '/parameters'));
    }
    return { name: template.name, definition: template.builder.build(parsed.data) };
  }
}
