import { Injectable } from '@nestjs/common';
import { isId } from '../../platform/clock/id.js';
import { workflowUnknown } from '../workflow.errors.js';
import { WorkflowSource, type ResolvedWorkflow, type WorkflowName, type Workflows } from '../workflow-resolver.js';
import { workflowUnpublished } from './library.errors.js';
import { VersionRepository } from './version.repository.js';

/** The stored workflows of a workspace, by name or id. They take no parameters. */
@Injectable()
@WorkflowSource()
export class LibraryWorkflows implements Workflows {
  constructor(private readonly versions: VersionRepository) {}

  /** @throws Problem workflow-unpublished without a version when nothing is published, workflow-unknown for a missing one */
  async find(workspaceId: string, { name, version }: WorkflowName): Promise<ResolvedWorkflow | undefined> {
    const found = isId(name)
      ? await this.versions.byId({ workspaceId, id: name }, version)
      : await this.versions.byName(workspaceId, name, version);
    if (!found) return undefined;
    const { id, definition, latestVersion } = found;
    if (definition) return { id, name: found.name, version: found.version ?? undefined, definition };
    if (version === undefined) throw unpublished(found.name, id);
    throw workflowUnknown(`Workflow "${found.name}" has no version ${version}; ${newest(latestVersion)}.`);
  }
}

const newest = (version: number): string => (version === 0 ? 'nothing is published yet' : `its newest is ${version}`);

const unpublished = (name: string, id: string) =>
  workflowUnpublished(
    `Workflow "${name}" was never published. POST /api/v1/workflows/${id}/publish, or name its draft: "${name}@draft".`,
    { extensions: { workflowId: id } },
  );
