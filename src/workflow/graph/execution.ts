import type { ChatMessage, TokenUsage } from '../../llm/chat-model.js';
import { Problem, type ProblemBody } from '../../platform/problem/problem.js';
import type { Decision } from '../condition/branches.js';
import type { DefinitionLimits, NodeDefinition } from '../definition/definition.js';
import type { Allowance } from '../../usage/budget/allowance.js';
import type {
  ApprovalDecision,
  AskedCall,
  ApprovalRequest,
  ChildResult,
  KeptAnswer,
  NodeEvent,
  NodeResult,
  Question,
  RunIdentity,
  SharedAnswer,
} from '../node/node-type.js';

type Path = readonly string[];
type Members = Readonly<Record<string, unknown>>;

/** What happens while a graph runs. Paths are whole: from the root run down. */
export type GraphEvent =
  | { readonly kind: 'nodeStart'; readonly node: NodeDefinition; readonly path: Path }
  | {
      readonly kind: 'nodeEnd';
      readonly node: NodeDefinition;
      readonly path: Path;
      readonly status: 'succeeded' | 'failed' | 'cancelled';
      readonly durationMs: number;
      /** Its configuration with the references resolved; absent when it did not get so far. */
      readonly input?: unknown;
      readonly output?: unknown;
      readonly problem?: ProblemBody;
      readonly explanation?: unknown;
      /** What a later attempt needs to go on after this step; absent when it is cheaper to repeat it. */
      readonly result?: StepResult;
    }
  | { readonly kind: 'node'; readonly path: Path; readonly event: NodeEvent }
  /** The node is tried again: what it has told is void. */
  | {
      readonly kind: 'retry';
      readonly path: Path;
      readonly attempt: number;
      readonly delayMs: number;
      readonly problem: ProblemBody;
    }
  | { readonly kind: 'decision'; readonly path: Path; readonly decision: Decision }
  | { readonly kind: 'childStart'; readonly path: Path; readonly child: StartedChild }
  | {
      readonly kind: 'childEnd';
      readonly path: Path;
      readonly childRunId: string;
      readonly index: number;
      readonly result: ChildResult;
    };

/** A child run that begins. */
export interface StartedChild {
  readonly id: string;
  readonly parentRunId: string;
  readonly index: number;
  readonly workflow: { readonly id?: string; readonly name?: string; readonly version?: number; readonly hash: string };
  readonly input: Members;
  readonly startedAt: Date;
  /** Those of its definition. */
  readonly limits?: DefinitionLimits;
}

/** How a step ended, as the log keeps it for whoever goes on after it. */
export interface StepResult extends Omit<NodeResult, 'explanation'> {
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly problem?: ProblemBody;
}

/** What the log of earlier attempts tells of a path. */
export interface Remembered {
  readonly startedAt?: Date;
  readonly hasEnded?: boolean;
  /** Absent as long as it has not ended, and where it is cheaper to repeat it. */
  readonly result?: StepResult;
  readonly childRunId?: string;
  readonly childStartedAt?: Date;
  readonly child?: ChildResult;
  /** The try that had begun last, when it was not the first. */
  readonly attempt?: number;
}

/** What the run gives the graphs that execute it. */
export interface RunHost {
  /** Hears what happens, in order and at once. */
  tell(event: GraphEvent): void;
  /** Runs the work of the node at `path` where its trace is. */
  within<Result>(path: Path, work: () => Result): Result;
  /** What to wait for before telling more, when the listener does not keep up. */
  room(): Promise<void> | undefined;
  recall(path: Path): Remembered | undefined;
  /** Before a step: what to wait for while the run is paused, and before an effect until what it builds on is durable. */
  admit(effectful: boolean): Promise<void> | undefined;
  /**
   * Counts what goes on: +1 for each line of work, -1 while it waits for others that are counted, for a person or for a
   * timer. At zero nothing can happen any more in this process, and the run may be put aside.
   */
  busy(change: 1 | -1): void;
  until(at: Date, signal: AbortSignal): Promise<void>;
  approval(path: Path, key: string, request: ApprovalRequest, signal: AbortSignal): Promise<ApprovalDecision>;
  /** Names a time at which something that waits is over whatever comes; until the answer is called. */
  deadline(at: Date): () => void;
  /** Counts a tool call of the node at `path`; false when the run, or a child run around it, has had as many as it may. */
  takeToolCall(path: Path, callId: string): boolean;
  /** Makes room for a call of a model of the node at `path`; undefined when no budget concerns it. @throws Problem budget-exceeded */
  reserve(path: Path, call: AskedCall, signal: AbortSignal): Promise<Allowance | undefined>;
  /** What a model has answered to the same question before; undefined where answers are not kept. @throws the signal's reason */
  shared(question: Question, signal: AbortSignal): Promise<SharedAnswer | undefined> | undefined;
  /** What a model has answered the node at `path` in an earlier attempt at the run. */
  answered(path: Path, messageKey: string): KeptAnswer | undefined;
  /** Whether the node at `path` has told the note in an earlier attempt at the run. */
  hasTold(path: Path, note: { readonly code: string; readonly detail: string }): boolean;
  /** Resolves when all that was told so far is in the log. */
  settled(): Promise<void>;
  /** Aborted when this child run alone is to be cancelled. */
  childSignal(childRunId: string): AbortSignal;
  usageOf(childRunId: string): TokenUsage | null;
  /** What there is to show of the child run at `path`, which has come to `reached`; undefined when nothing. */
  partialOutput(path: Path, reached: Reached): unknown;
  /** Whether what was thrown is this process's trouble, and no failure of the work: another attempt does it again. */
  isOwnTrouble(error: unknown): boolean;
  problemOf(error: unknown): Problem;
}

/** What a run or child run has come to: what there is to show of one that does not get to its end. */
export interface Reached {
  variables: Members;
  /** Of the one node that the definition consists of. */
  output?: () => unknown;
}

export interface GraphExecution {
  readonly run: RunIdentity;
  /** What stands before the ids of this graph's nodes. */
  readonly path: Path;
  readonly input: Members;
  readonly variables: Members;
  readonly item?: unknown;
  readonly index?: number;
  readonly messages: readonly ChatMessage[];
  /** Default time of a node, milliseconds. */
  readonly nodeTimeoutMs: number;
  readonly signal: AbortSignal;
  readonly host: RunHost;
  /** Filled on the way; absent for the body of a node. */
  readonly reached?: Reached;
  /** The tries of what the graph is inside of; absent when all are the first. */
  readonly tries?: string;
}

export interface GraphOutcome {
  readonly output: unknown;
  readonly variables: Members;
  readonly finishReason: string | undefined;
}

export interface CompiledGraph {
  /** Runs the graph to its end. Throws what a node threw, once the branches beside it are stopped. */
  run(execution: GraphExecution): Promise<GraphOutcome>;
}

/** A workflow inside a node, compiled. */
export interface CompiledTarget {
  readonly graph: CompiledGraph;
  readonly workflow: StartedChild['workflow'];
  readonly parameters: Members;
  /** Those of its definition. */
  readonly limits?: DefinitionLimits;
}

/** A branch that nobody waits for any more. */
export class BranchCancelled extends Error {}

/** Whether this process stops working on the run without an end: what is thrown then is no failure of the work. */
export const isGivenUp = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && !(reason instanceof Problem) && !(reason instanceof BranchCancelled);
