import type { Definition } from '../definition/definition.js';
import { Id, Int, JsonObject, Text, TextList, Time } from '../../platform/http/fields.js';
import { pageOf, PageQuery } from '../../platform/http/page.js';
import type { NewWorkflow, Workflow, WorkflowChanges, WorkflowFilter, WorkflowSummary } from './workflow.js';

const MAX_TAGS = { maxItems: 32, maxLength: 64 };

/** References write it before an "@", and take what looks like an id for one. */
const NAME = /^(?![0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$)(?!\s)[^@{}\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+(?<!\s)$/u;

export const name = {
  description: 'What runs and other workflows call it; unique in the workspace, and no mode or template.',
  example: 'support-triage',
  min: 1,
  max: 100,
  pattern: NAME,
  patternHint:
    'must be printable text without "@", "{" and "}" that neither begins nor ends with a blank and does not look like an id',
};
export const description = {
  description: 'What it is for.',
  example: 'Routes questions to those who know.',
  min: 1,
  max: 2_000,
};
export const tags = { description: 'Labels to filter by.', example: ['support'], ...MAX_TAGS };
export const definition = {
  description:
    'A graph, conditional or composite. It is stored in its long form: with its defaults, and branches in place of conditions and workflows. At most 512 KB of JSON.',
  example: {
    kind: 'graph',
    nodes: [{ id: 'answer', type: 'model', config: { prompt: '{{input.message}}' } }],
    edges: [],
    output: { text: '{{text}}' },
  },
};

export class CreateWorkflowDto implements NewWorkflow {
  @Text(name)
  readonly name!: string;

  @Text({ ...description, optional: true })
  readonly description?: string;

  @TextList({ ...tags, optional: true })
  readonly tags?: string[];

  @JsonObject(definition)
  readonly definition!: Record<string, unknown>;
}

/** What is absent stays; null clears. */
export class UpdateWorkflowDto implements WorkflowChanges {
  @Text({ ...name, optional: true })
  readonly name?: string;

  @Text({ ...description, optional: true, nullable: true })
  readonly description?: string | null;

  @TextList({ ...tags, optional: true, nullable: true })
  readonly tags?: string[] | null;
}

export class SaveDraftDto {
  @JsonObject(definition)
  readonly definition!: Record<string, unknown>;
}

export class ListWorkflowsQuery extends PageQuery implements WorkflowFilter {
  @Text({
    description: 'Part of the name or description, in any case.',
    example: 'triage',
    min: 1,
    max: 200,
    optional: true,
  })
  readonly query?: string;

  @Text({ description: 'Only those with this tag.', min: 1, max: MAX_TAGS.maxLength, optional: true })
  readonly tag?: string;
}

/** A stored workflow without its draft. */
export class WorkflowSummaryDto implements WorkflowSummary {
  @Id({ description: 'The workflow.' })
  readonly id!: string;

  @Text(name)
  readonly name!: string;

  @Text({ ...description, optional: true })
  readonly description?: string;

  @TextList(tags)
  readonly tags!: readonly string[];

  @Int({ description: 'The version that its name runs; null before one is published.', nullable: true, example: 3 })
  readonly publishedVersion!: number | null;

  @Int({ description: 'The newest version; null before one is published.', nullable: true, example: 4 })
  readonly latestVersion!: number | null;

  @Time({ description: 'When it was created.' })
  readonly createdAt!: string;

  @Time({ description: 'When it last changed, was published or rolled back.' })
  readonly updatedAt!: string;
}

export class WorkflowDto extends WorkflowSummaryDto implements Workflow {
  @JsonObject({ ...definition, description: 'The draft, in its long form.' })
  readonly definition!: Definition;
}

export class WorkflowPageDto extends pageOf(WorkflowSummaryDto) {}
