import { pluginKind } from '../platform/plugin/plugin.registry.js';

export interface WorkspaceEventOptions {
  /** What an API key with scopes must carry to be told: that of the list which shows the same things. */
  readonly scope: string;
}

/** Makes a class a place where something happens in workspaces that their members are told of. */
export const WorkspaceEventSource = pluginKind<WorkspaceEventOptions>('workspace event source');

export interface WorkspaceEvents {
  /**
   * A query for what happened in workspace $1 since $2 (timestamptz), at least the oldest $3 rows, of `type`, `at`,
   * `id` (of the thing) and `detail` (jsonb, what else is told). Only what every member may list; a row shows the same
   * whenever it is read. It is asked twice a second and needs an index.
   */
  readonly happened: string;
}
