import { pluginKind } from '../../platform/plugin/plugin.registry.js';

/** Makes a class one that knows workflows: a room above provides it. */
export const WorkflowSubjects = pluginKind('workflow subjects');

export interface WorkflowSubjectSource {
  /**
   * What runs of the workflow are counted under: the id of a stored one, else the name of a mode or template; undefined when
   * the workspace has no such workflow.
   */
  subjectOf(workspaceId: string, workflow: string): Promise<string | undefined>;
}
