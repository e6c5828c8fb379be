import type { z } from 'zod';
import { pluginKind } from '../../platform/plugin/plugin.registry.js';
import type { ReferenceScope } from '../definition/lookup.js';
import type { ChatMessage, TokenUsage } from '../../llm/chat-model.js';

export interface NodeTypeOptions {
  /** The name definitions use. */
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly config: z.ZodType;
  /** The ports it may leave by: fixed ones, or those its configuration (as written) names. */
  readonly ports: readonly string[] | ((config: Readonly<Record<string, unknown>>) => readonly string[]);
  /** Only reads, and costs nothing to repeat: needs no durable boundary of its own, and runs on into the next node. */
  readonly pure?: boolean;
}

/** Makes a class a node type: one file plus one line in the module's providers. */
export const NodeType = pluginKind<NodeTypeOptions>('node type');

/** What a node may tell while it runs; each becomes an event of the run's log. */
export type NodeEvent =
  | { readonly type: 'token' | 'thinking'; readonly content: string; readonly messageKey: string }
  | { readonly type: 'note'; readonly code: string; readonly detail: string }
  | { readonly type: 'usage'; readonly usage: TokenUsage; readonly cost: number | null; readonly model: string };

/** The run a node works for. */
export interface RunIdentity {
  readonly id: string;
  readonly workspaceId: string;
  readonly userId: string;
  readonly conversationId?: string;
  /** The message that asked for the run. */
  readonly messageId?: string;
}

export interface NodeContext<Config> {
  readonly nodeId: string;
  /** Parsed by the type's schema, references resolved. */
  readonly config: Config;
  readonly run: RunIdentity;
  readonly input: unknown;
  /** What conditions may name. */
  readonly scope: ReferenceScope;
  /** What the run says to a model so far; without a memory node, the input's message alone. */
  readonly messages: readonly ChatMessage[];
  /** Aborted when the node's time is up or the run ends. */
  readonly signal: AbortSignal;
  /** Ignored once the node has ended. */
  readonly emit: (event: NodeEvent) => void;
  /** What to await before emitting more, when the log does not keep up. */
  readonly room: () => Promise<void> | undefined;
}

export interface NodeResult {
  /** What `{{nodes.<id>.output}}` names. */
  readonly output?: unknown;
  /** Merged into the run's variables. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Replaces what the run says to a model. */
  readonly messages?: readonly ChatMessage[];
  /** The port it leaves by; `next` when absent. */
  readonly port?: string;
  readonly finishReason?: string;
  /** Why it decided as it did; kept with its step and told with its end. */
  readonly explanation?: unknown;
}

export interface NodeExecutor<Config = unknown> {
  execute(context: NodeContext<Config>): Promise<NodeResult>;
}
