import { pluginKind } from '../platform/plugin/plugin.registry.js';

/** Makes a class the source of what is at work on conversations. A room above provides it; this room knows no runs. */
export const ActivitySource = pluginKind('activity source');

export interface Activity {
  /** The run that holds the conversation now, if any; cheap, as every reading of a conversation asks. */
  of(workspaceId: string, conversationId: string): Promise<ActiveRun | undefined>;
}

export const ACTIVE_RUN_STATUSES = ['running', 'waiting', 'paused'] as const;

/** A run that has begun and not ended; no other begins on its conversation meanwhile. */
export interface ActiveRun {
  readonly id: string;
  readonly status: (typeof ACTIVE_RUN_STATUSES)[number];
}
