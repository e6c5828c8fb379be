import { ApiHeader } from '@nestjs/swagger';
import type { Response } from 'express';
import { etagOf } from '../../platform/http/etag.js';
import type { RevisedWorkflow, Workflow } from './workflow.js';

/** Documented headers of answers that carry a workflow. */
export const ETAG = {
  ETag: {
    description: 'The revision of the workflow, for If-Match; it counts every edit, publication and rollback.',
    schema: { type: 'string' as const, example: '"1"' },
  },
};

/** Documented header of answers that made something. */
export const LOCATION = {
  Location: { description: 'Where to read it.', schema: { type: 'string' as const, format: 'uri-reference' } },
};

export const ApiIfMatch = () =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'Change it only while it has this entity tag.',
    example: '"1"',
  });

export const pathOf = (workflowId: string): string => `/api/v1/workflows/${workflowId}`;

/** A new workflow is at revision 1. */
export function created(workflow: Workflow, response: Response): Workflow {
  response.set({ Location: pathOf(workflow.id), ETag: etagOf(1) });
  return workflow;
}

export function revised({ workflow, revision }: RevisedWorkflow, response: Response): Workflow {
  response.set('ETag', etagOf(revision));
  return workflow;
}
