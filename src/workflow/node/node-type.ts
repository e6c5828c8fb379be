import type { z } from 'zod';
import { pluginKind } from '../../platform/plugin/plugin.registry.js';
import type { ProblemBody } from '../../platform/problem/problem.js';
import type { Decision } from '../condition/branches.js';
import type { WorkflowTarget } from '../definition/definition.js';
import type { ReferenceScope } from '../definition/lookup.js';
import type { ChatMessage, FinishReason, TokenUsage, ToolCall, ToolSpecification } from '../../llm/chat-model.js';
import type { JsonSchema } from '../../platform/schema/json-schema.js';
import type { Allowance } from '../../usage/budget/allowance.js';
import type { PlannedCall } from '../../usage/budget/budgets.js';
import type { RunClaim } from '../../tool/ledger/tool-call.js';

type Members = Readonly<Record<string, unknown>>;

export interface NodeTypeOptions {
  /** The name definitions use. */
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly config: z.ZodType;
  /** A configuration that works, as written: for the documentation, and for a designer to begin with. */
  readonly example?: Members;
  /** The ports it may leave by: fixed ones, or those its configuration (as written) names. */
  readonly ports: readonly string[] | ((config: Members) => readonly string[]);
  /** Ports that need no edge: without one, the node is left by `next` instead. */
  readonly optionalPorts?: readonly string[];
  /** Only reads, and costs nothing to repeat: needs no durable boundary of its own, and runs on into the next node. */
  readonly pure?: boolean;
  /**
   * Its time is that of what it waits for (bodies, a person, a timer): the default limit of a node's time does not apply.
   */
  readonly waits?: boolean;
  /** Members of the configuration whose references the node resolves itself, if at all: bodies, conditions. */
  readonly raw?: readonly string[];
  /**
   * Whether it does nothing but answer, and answers the same whenever it is given the same: what a run of such nodes has been
   * answered may be kept. Pure types do; others say so, for a configuration as it is written.
   */
  readonly repeatable?: boolean | ((config: Members) => boolean);
  /** For a node that branches meet in: when it begins. Without it, it waits for every branch and fails with any of them. */
  readonly gathering?: (config: Members) => Gathering;
  /** The workflows its configuration (as written) runs, where they stand in it; compiled with the definition. */
  readonly targets?: (config: Members) => readonly TargetSite[];
  /** Not for definitions: the engine's own. */
  readonly internal?: boolean;
}

/** When a node with several ways in begins, and what a failed way in means to it. */
export interface Gathering {
  /** Begins when so many ways in have arrived: all that still can, when they are fewer; `Infinity` waits for all. */
  readonly wait: number;
  /** Whether the failure of a branch is a result like others. */
  readonly takesFailures: boolean;
}

/** A workflow inside a node's configuration. */
export interface TargetSite {
  /** Where it stands in the configuration, a JSON pointer; `NodeBodies` runs it by this. */
  readonly pointer: string;
  readonly target: WorkflowTarget;
  /** Where its definition stands, when that is not a member called `definition`. */
  readonly definitionPointer?: string;
}

/** Makes a class a node type: one file plus one line in the module's providers. */
export const NodeType = pluginKind<NodeTypeOptions>('node type');

/** What a node may tell while it runs; each becomes an event of the run's log. */
export type NodeEvent =
  | { readonly type: 'token' | 'thinking'; readonly content: string; readonly messageKey: string }
  | { readonly type: 'note'; readonly code: string; readonly detail: string }
  /** A model was not asked: the same question was answered before. */
  | { readonly type: 'cacheHit'; readonly model: string; readonly ageMs: number }
  | {
      readonly type: 'usage';
      readonly usage: TokenUsage;
      readonly cost: number | null;
      readonly model: string;
      /** From its first to its last piece, milliseconds, when there were several: for statistics, not for the log. */
      readonly streamMs?: number;
      /** The whole answer, for whoever goes on with the run: not for readers. */
      readonly answer?: KeptAnswer;
      /** The reservation in budgets that ends with it. */
      readonly reservation?: string;
    }
  | {
      readonly type: 'source';
      readonly index: number;
      readonly documentId: string;
      readonly title: string;
      readonly uri?: string;
      readonly score: number;
      readonly snippet: string;
    }
  | {
      readonly type: 'tool_call';
      readonly callId: string;
      readonly tool: string;
      readonly arguments: Members;
      readonly risk: string;
    }
  | {
      readonly type: 'tool_result';
      readonly callId: string;
      readonly status: 'ok' | 'error' | 'denied' | 'awaiting_approval' | 'in_doubt';
      readonly result?: unknown;
      readonly problem?: ProblemBody;
      readonly durationMs: number;
    };

/** A call of a model that a node is about to make. */
export type AskedCall = Pick<PlannedCall, 'model' | 'inputTokens' | 'maxTokens' | 'costOf'>;

/** What a model is asked, as far as its answer depends on it. */
export interface Question {
  /** provider:model */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly tools?: readonly ToolSpecification[];
  readonly schema?: JsonSchema;
}

/** What a model has answered to a question. */
export type Answer = Omit<KeptAnswer, 'messageKey'>;

/** An answer that is there already, or the turn to ask for it: others who ask the same wait for whoever has it. */
export type SharedAnswer =
  | { readonly kind: 'known'; readonly answer: Answer; readonly ageMs: number }
  | { readonly kind: 'turn'; readonly keep: (answer: Answer) => Promise<void>; readonly giveUp: () => void };

/** A model's answer that has ended, by the message its events belong to. */
export interface KeptAnswer {
  readonly messageKey: string;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
}

/** The run a node works for. */
export interface RunIdentity {
  /** The run itself, or the child run. */
  readonly id: string;
  readonly workspaceId: string;
  readonly userId: string;
  /** What was asked for, as budgets name it. */
  readonly workflow?: string;
  readonly conversationId?: string;
  /** The message that asked for the run. */
  readonly messageId?: string;
  /** Under which this process executes it; absent in a run of no database. */
  readonly claim?: RunClaim;
}

/** How a body or child ended, in the words of a composite's results. */
export type EndedAs = 'succeeded' | 'failed' | 'skipped' | 'timedOut' | 'cancelled';

/** What a child run came to. */
export interface ChildResult {
  readonly status: EndedAs;
  readonly output?: unknown;
  readonly problem?: ProblemBody;
  readonly durationMs: number;
  readonly usage: TokenUsage | null;
}

/** What a pass or an item came to. */
export type PassResult =
  | { readonly status: 'succeeded'; readonly output: unknown }
  | { readonly status: Exclude<EndedAs, 'succeeded' | 'skipped'>; readonly problem: ProblemBody };

interface BodyOptions {
  /** Aborts it, beside the node's own signal. */
  readonly signal?: AbortSignal;
}

/** A pass or an item: what its nodes see beside the input. */
export interface PassOptions extends BodyOptions {
  readonly variables: Members;
  readonly item?: unknown;
  readonly index: number;
}

export interface ChildOptions extends BodyOptions {
  /** The last name of its path: the composite's child id, the branch; absent for a node that has one child. */
  readonly key?: string;
  readonly index: number;
  readonly input: Members;
  /** Wall-clock milliseconds. */
  readonly timeoutMs?: number;
}

/** Runs the workflows inside a node's configuration, each known by its pointer there. */
export interface NodeBodies {
  /**
   * Runs a body as part of this run; the paths of its nodes begin with this node's path and the index. Answers its
   * output. @throws what the body throws
   */
  pass(pointer: string, options: PassOptions): Promise<{ readonly output: unknown; readonly variables: Members }>;
  /** The same with its failure as a result. @throws when the node itself is to end */
  tryPass(pointer: string, options: PassOptions): Promise<PassResult>;
  /** Runs a child run of this run's. A child that fails is a result, not an exception; an aborted run is one. */
  child(pointer: string, options: ChildOptions): Promise<ChildResult>;
}

export interface ApprovalRequest {
  readonly kind: 'node' | 'tool';
  readonly title: string;
  readonly detail?: string;
  readonly tool?: string;
  readonly callId?: string;
  readonly arguments?: Members;
  /** What the decision is bound to. */
  readonly argumentsHash?: string;
  readonly risk?: string;
  /** Milliseconds from the first time it is asked for. */
  readonly expiresInMs: number;
  readonly onExpire: 'approve' | 'deny';
}

export interface ApprovalDecision {
  readonly approvalId: string;
  readonly approved: boolean;
  /** Whether nobody decided in time. */
  readonly expired: boolean;
  /** The user who decided. */
  readonly by?: string;
  readonly reason?: string;
  /** Of what was asked for. */
  readonly argumentsHash?: string;
  /** The arguments, as a person edited them. */
  readonly arguments?: Members;
}

/**
 * Waits that may outlive this process: the run is put aside when nothing else of it goes on, and a process that takes it
 * up again comes to the same call. Nothing effectful may stand before such a call in a node.
 */
export interface NodeWaits {
  until(at: Date): Promise<void>;
  /** Asks a person; the same `key` of a node is asked once, however often the node is begun. */
  approval(key: string, request: ApprovalRequest): Promise<ApprovalDecision>;
  /**
   * Does `work` on each item, at most `atOnce` at a time; results in the items' order. The run is put aside only once all
   * that is begun waits, not while one of them still works.
   * @throws the first error of `work`, after those that run have ended; none is begun meanwhile
   */
  forEach<Item, Result>(
    items: readonly Item[],
    atOnce: number,
    work: (item: Item) => Promise<Result>,
  ): Promise<readonly Result[]>;
}

/** What one of the branches that lead into a join came to. */
export interface BranchResult {
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly output?: unknown;
  readonly problem?: ProblemBody;
}

export interface NodeContext<Config> {
  /** The node within the root run: the ids of what it is inside of, then its own. */
  readonly path: readonly string[];
  /** Parsed by the type's schema, references resolved. */
  readonly config: Config;
  readonly run: RunIdentity;
  readonly input: unknown;
  /** What conditions may name. */
  readonly scope: ReferenceScope;
  /** What the run says to a model so far; without a memory node, the input's message alone. */
  readonly messages: readonly ChatMessage[];
  /** When the node first began, in whichever attempt. */
  readonly startedAt: Date;
  /** The branches that lead here, by the id of their last node: those that were taken and have ended. */
  readonly branches: Readonly<Record<string, BranchResult>>;
  readonly bodies: NodeBodies;
  readonly waits: NodeWaits;
  /** Aborted when the node's time is up or the run ends. */
  readonly signal: AbortSignal;
  /** Ignored once the node has ended. */
  readonly emit: (event: NodeEvent) => void;
  /** What to await before emitting more, when the log does not keep up. */
  readonly room: () => Promise<void> | undefined;
  /** Names what there is to show of the node as long as it has not succeeded. */
  readonly shows: (output: () => unknown) => void;
  /** Tells which branch was taken: kept with the run when the node stands for the whole definition. */
  readonly decided: (decision: Decision) => void;
  /** Counts a tool call of the run, once however often it is attempted. False when the run has had as many as it may. */
  readonly takeToolCall: (callId: string) => boolean;
  /** Tells the tries of the node, and of what it is inside of, apart; empty in the first. */
  readonly tries: string;
  /**
   * Makes room for a call of a model in the budgets that concern it; undefined when none does. A budget that has no room, now
   * or later, ends the run. @throws Problem budget-exceeded
   */
  readonly reserve: (call: AskedCall) => Promise<Allowance | undefined>;
  /**
   * What a model has answered to the same question before, in any run of the workspace; undefined where answers are not
   * kept: the run is not deterministic. @throws the signal's reason
   */
  readonly shared: (question: Question) => Promise<SharedAnswer | undefined> | undefined;
  /** What a model has answered to this try in an earlier attempt at the run. */
  readonly answered: (messageKey: string) => KeptAnswer | undefined;
  /** Resolves when all that was told so far is in the log. */
  readonly settled: () => Promise<void>;
  /** Whether this try of the node has told the note in an earlier attempt at the run. */
  readonly hasTold: (note: { readonly code: string; readonly detail: string }) => boolean;
}

export interface NodeResult {
  /** What `{{nodes.<id>.output}}` names. */
  readonly output?: unknown;
  /** Merged into the run's variables. */
  readonly variables?: Members;
  /** Replaces what the run says to a model. */
  readonly messages?: readonly ChatMessage[];
  /** The port it leaves by; `next` when absent. */
  readonly port?: string;
  readonly finishReason?: string;
  /** Why it decided as it did; kept with its step and told with its end. */
  readonly explanation?: unknown;
  /** Ends the path here, with this as the run's output unless undefined. */
  readonly end?: { readonly output?: unknown };
}

export interface NodeExecutor<Config = unknown> {
  /** What this server does not have and the node cannot do without; undefined when nothing. */
  lacks?(): string | undefined;
  execute(context: NodeContext<Config>): Promise<NodeResult>;
}
