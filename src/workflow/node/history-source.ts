import type { ChatMessage } from '../../llm/chat-model.js';
import { pluginKind } from '../../platform/plugin/plugin.registry.js';
import type { RunIdentity } from './node-type.js';

/** Makes a class the source of what was said before a run. A room above provides it; the engine knows no conversations. */
export const HistorySource = pluginKind('history source');

export interface History {
  /** The last `limit` messages before the one that asked for the run, oldest first. */
  before(run: RunIdentity, limit: number): Promise<readonly ChatMessage[]>;
}
