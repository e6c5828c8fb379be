import { Injectable } from '@nestjs/common';
import { Problem } from '../platform/problem/problem.js';
import { WorkflowSubjects, type WorkflowSubjectSource } from '../usage/budget/budget-subject.js';
import { workflowUnpublished } from './library/library.errors.js';
import { workflowUnknown } from './workflow.errors.js';
import { nameOf, WorkflowResolver } from './workflow-resolver.js';

/** What the use of a workflow is counted under, whichever way a budget names it. */
@Injectable()
@WorkflowSubjects()
export class CountedWorkflows implements WorkflowSubjectSource {
  constructor(private readonly workflows: WorkflowResolver) {}

  async subjectOf(workspaceId: string, workflow: string): Promise<string | undefined> {
    const name = nameOf(workflow)?.name;
    if (name === undefined) return undefined;
    try {
      const found = await this.workflows.resolve(workspaceId, name, {}, { ignoreUnknown: true });
      return found.id ?? found.name;
    } catch (error) {
      if (Problem.is(error, workflowUnknown)) return undefined;
      if (Problem.is(error, workflowUnpublished)) return String(error.extensions.workflowId);
      // It is there, and takes more than a name to run.
      if (error instanceof Problem) return name;
      throw error;
    }
  }
}
