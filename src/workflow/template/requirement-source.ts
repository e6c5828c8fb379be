import { pluginKind } from '../../platform/plugin/plugin.registry.js';

/** Makes a class one that knows tools or collections, so that templates can say whether what they need is there. */
export const RequirementSource = pluginKind('requirement source');

/** Each source answers for what it knows of; a thing is missing when it is missing from every source. */
export interface RequirementKnowledge {
  /** Those of `names` that are no tools the workspace could use. */
  missingTools?(workspaceId: string, names: readonly string[]): Promise<readonly string[]>;
  /** Those of `names` that are no collections of the workspace. */
  missingCollections?(workspaceId: string, names: readonly string[]): Promise<readonly string[]>;
}
