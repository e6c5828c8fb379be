import { etagOf } from '../../platform/http/etag.js';
import { conflict, notFound, preconditionFailed, validationFailed } from '../../platform/problem/http.errors.js';
import { problemType, type Problem } from '../../platform/problem/problem.js';
import type { RevisedWorkflow } from './workflow.js';

export const workflowUnpublished = problemType({
  slug: 'workflow-unpublished',
  status: 409,
  title: 'The workflow is not published',
  explanation:
    'A workflow runs by its name once a version of it is published. Publish it, or run its draft as "<name>@draft".',
});

/** One thing that keeps a definition from being valid, or that its author should know. */
export interface Violation {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly pointer: string;
  readonly message: string;
  readonly hint: string;
}

const MAX_VIOLATIONS = 200;

/** A 422 that lists what is wrong with a definition, at most 200 of it. */
export function definitionInvalid(violations: readonly Violation[]): Problem {
  const listed = violations.slice(0, MAX_VIOLATIONS);
  const faults = listed
    .filter(({ severity }) => severity === 'error')
    .map(({ pointer, message }) => ({ pointer, detail: message }));
  return validationFailed(faults).with({ violations: listed });
}

export const noWorkflow = (id: string): Problem => notFound(`There is no workflow ${id} in this workspace.`);

export const noVersion = (version: number): Problem =>
  notFound(`The workflow has no version ${version}. GET its versions for those that are there.`);

export const nameTaken = (name: string, cause?: unknown): Problem =>
  conflict(`A workflow of this workspace is named "${name}" already. Choose another name.`, { cause });

export const nameReserved = (name: string): Problem =>
  conflict(`"${name}" is the name of a mode or template. Choose another name.`);

export const draftChanged = (id: string): Problem =>
  conflict(`The draft of workflow ${id} changed while it was checked. Read it again and publish it then.`);

/** Of an edit that began from an older revision. */
export const workflowChanged = ({ workflow: { id }, revision }: RevisedWorkflow): Problem =>
  preconditionFailed(
    `Workflow ${id} has changed since: its entity tag is ${etagOf(revision)} now. Read it again and repeat the change.`,
    { headers: { ETag: etagOf(revision) } },
  );
