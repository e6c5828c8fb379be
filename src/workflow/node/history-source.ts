import type { ChatMessage } from '../../llm/chat-model.js';
import { pluginKind } from '../../platform/plugin/plugin.registry.js';
import type { RunIdentity } from './node-type.js';

/** Makes a class the source of what was said before a run. A room above provides it; the engine knows no conversations. */
export const HistorySource = pluginKind('history source');

/** What was said before the message that asked for a run. */
export interface EarlierMessages {
  /** The last ones, oldest first; one more than asked for when there are more. */
  readonly messages: readonly ChatMessage[];
  /** The nearest summary that ends among them, and how many of them come after what it tells. */
  readonly summary?: { readonly text: string; readonly after: number };
}

/** What no summary tells yet. */
export interface UntoldMessages {
  /** The summary before it. */
  readonly summary?: { readonly text: string; readonly upTo: string };
  /** The first of the messages, oldest first. */
  readonly messages: readonly { readonly id: string; readonly message: ChatMessage }[];
  /** How many there are. */
  readonly total: number;
}

/** A summary that was made in a run. */
export interface MadeSummary {
  readonly text: string;
  readonly tokens: number;
  /** Ids of the messages that were folded into it, oldest first. */
  readonly messageIds: readonly string[];
  /** `upTo` of the summary that it goes on from. */
  readonly base?: string;
}

export interface History {
  /** The last `limit` messages of the branch before the one that asked for the run, and one. */
  before(run: RunIdentity, limit: number): Promise<EarlierMessages>;
  /** The oldest `limit` messages of the branch that no summary tells, without the last `keep`. */
  untold(run: RunIdentity, range: { readonly keep: number; readonly limit: number }): Promise<UntoldMessages>;
  /** Stores a summary for the branch. False when a message that it tells is gone. @throws ClaimLost */
  keepSummary(run: RunIdentity, summary: MadeSummary): Promise<boolean>;
}
