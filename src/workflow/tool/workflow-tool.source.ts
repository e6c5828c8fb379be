import { Injectable } from '@nestjs/common';
import { SchemaError } from '../../platform/schema/json-schema.js';
import { argumentFaults } from '../../tool/tool-arguments.js';
import { ToolSource, type OfferedTool, type ToolOffering } from '../../tool/tool-source.js';
import { filledInput } from '../definition/filled-input.js';
import { inputCheck } from '../definition/input-schema.js';
import { WorkflowCalls } from './workflow-calls.js';
import { namedWorkflow, workflowToolName } from './workflow-tool-name.js';
import { WorkflowToolRepository, type PublishedWorkflow } from './workflow-tool.repository.js';

/** Most workflows of a workspace that are listed; any other is still found by name. */
const MAX_LISTED = 200;
/** As long as a tool call may take at all: a workflow asks models. */
const TIMEOUT_MS = 300_000;

/** Every published workflow of a workspace as a tool. Nothing is remembered: what is published now is what there is. */
@Injectable()
@ToolSource()
export class WorkflowTools implements ToolOffering {
  constructor(
    private readonly workflows: WorkflowToolRepository,
    private readonly calls: WorkflowCalls,
  ) {}

  async list(workspaceId: string): Promise<readonly OfferedTool[]> {
    const found = await this.workflows.published(workspaceId, MAX_LISTED);
    return found.map((workflow) => this.offered(workflow));
  }

  async find(workspaceId: string, name: string): Promise<OfferedTool | undefined> {
    const named = namedWorkflow(name);
    if (!named) return undefined;
    const found =
      'name' in named
        ? await this.workflows.byName(workspaceId, named.name)
        : await this.workflows.byIdTail(workspaceId, named.idTail);
    const workflow = found.find((one) => workflowToolName(one) === name);
    return workflow && this.offered(workflow);
  }

  private offered(workflow: PublishedWorkflow): OfferedTool {
    const name = workflowToolName(workflow);
    return {
      name,
      title: workflow.name,
      description: workflow.description ?? `Runs the workflow "${workflow.name}" and answers with its output.`,
      parameters: { ...(workflow.input ?? ANY_INPUT), type: 'object' },
      risk: 'medium',
      effect: 'idempotent',
      source: { kind: 'workflow', id: workflow.id, name: workflow.name },
      timeoutMs: TIMEOUT_MS,
      parse: (args) => parsed(name, workflow, args),
      call: (args, context) => this.calls.call(workflow, args as Members, context),
    };
  }
}

type Members = Readonly<Record<string, unknown>>;

const ANY_INPUT = { properties: {}, additionalProperties: true };

async function parsed(tool: string, { input }: PublishedWorkflow, args: unknown): Promise<Members> {
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    throw argumentFaults(tool, [{ pointer: '', detail: 'must be an object' }]);
  const given = args as Members;
  if (!input) return given;
  try {
    const faults = (await inputCheck(input))(filledInput(input, given));
    if (faults.length > 0) throw argumentFaults(tool, faults);
    return given;
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw argumentFaults(tool, [{ pointer: '', detail: `cannot be checked: ${error.message}` }]);
  }
}
