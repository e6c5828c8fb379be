import type { z } from 'zod';
import { pluginKind } from '../platform/plugin/plugin.registry.js';
import type { Risk } from '../security/risk/risk.js';

export type ToolRisk = Risk;

/** What a call does when it is repeated: it only reads; it comes to the same; it acts a second time. */
export const TOOL_EFFECTS = ['read', 'idempotent', 'once'] as const;
export type ToolEffect = (typeof TOOL_EFFECTS)[number];

export interface ToolOptions {
  /** The name that models and definitions use: a letter, then up to 63 letters, digits, `_` and `-`. */
  readonly name: string;
  readonly title: string;
  /** For the model: what it does and when to use it. */
  readonly description: string;
  /** An object's schema; its descriptions are what a model is told of the arguments. */
  readonly arguments: z.ZodType;
  readonly risk: ToolRisk;
  readonly effect: ToolEffect;
}

/** Makes a class a tool: one file plus one line in its module's providers. */
export const Tool = pluginKind<ToolOptions>('tool');

/** For whom a tool is called. */
export interface ToolContext {
  readonly workspaceId: string;
  readonly userId: string;
  readonly conversationId?: string;
  readonly runId?: string;
  /** The same for every attempt at the same call of a run. */
  readonly callId: string;
  /** For whoever is called on: the same for every attempt at the same call, and for no other call. */
  readonly idempotencyKey: string;
  /** Aborted when the call's time is up or the run ends. */
  readonly signal: AbortSignal;
}

/** A tool fails by throwing: a `Problem` is shown to model and user as it is, anything else as a failure without details. */
export interface ToolExecutor<Arguments = unknown> {
  /** @param args parsed by the tool's schema @returns a JSON value of at most 256 KB */
  call(args: Arguments, context: ToolContext): Promise<unknown>;
}
