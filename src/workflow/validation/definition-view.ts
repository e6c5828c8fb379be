import type { Problem } from '../../platform/problem/problem.js';
import type { When } from '../condition/when.js';
import type { DefinitionLimits, NodeDefinition } from '../definition/definition.js';
import type { RegisteredNodeType } from '../node/node.registry.js';
import type { ResolvedWorkflow } from '../workflow-resolver.js';
import type { Violation } from './violation.js';

export type Members = Readonly<Record<string, unknown>>;

/** A definition prepared for rules. Parts that are not well formed are left out; `faults` says which. */
export interface DefinitionView {
  /** Every definition in it, at any depth, the outer before the inner. Empty when not even the root is one. */
  readonly levels: readonly Level[];
  /** Every workflow it names. */
  readonly uses: readonly WorkflowUse[];
  /** What the names stand for, those in the workflows found included; by `pinKey`. */
  readonly found: ReadonlyMap<string, FoundWorkflow>;
  /** The workflow that the definition is of, when it is already stored. */
  readonly workflowId?: string;
  readonly faults: readonly Violation[];
}

/**
 * How a definition is run: on its own; as a body (of map and loop), which sees the input, the variables and an item; as a
 * child run, with an input of its own; as a branch, with the input of the conditional.
 */
export type LevelRole = 'root' | 'body' | 'child' | 'branch';

interface Placed {
  readonly pointer: string;
  /** Of definitions around it. */
  readonly depth: number;
  readonly role: LevelRole;
  readonly parent?: Level;
  /** The node of `parent` whose configuration holds it. */
  readonly holder?: NodeView;
  readonly input?: Members;
  readonly limits?: DefinitionLimits;
}

export interface GraphLevel extends Placed {
  readonly kind: 'graph';
  readonly nodes: readonly NodeView[];
  readonly edges: readonly EdgeView[];
  /** The ids as written, also of nodes that are left out. */
  readonly ids: ReadonlySet<string>;
  readonly output?: unknown;
}

export interface ConditionalLevel extends Placed {
  readonly kind: 'conditional';
  readonly branches: readonly ConditionView[];
  readonly hasDefault: boolean;
}

export interface CompositeLevel extends Placed {
  readonly kind: 'composite';
  readonly strategy: 'sequential' | 'parallel' | 'conditional';
  readonly children: readonly ChildView[];
  readonly hasDefault: boolean;
}

export type Level = GraphLevel | ConditionalLevel | CompositeLevel;

export interface NodeView {
  readonly pointer: string;
  readonly id: string;
  readonly definition: NodeDefinition;
  /** Its configuration as written, with a stand-in for each definition inside. */
  readonly config: Members;
  /** Absent when there is no such type, or none for definitions. */
  readonly type?: RegisteredNodeType;
  /** The ports of its type for this configuration; absent when they cannot be told. */
  readonly ports?: readonly string[];
  /** Pointers of the workflows in its configuration, from the definition's root. */
  readonly sites: readonly string[];
}

export interface EdgeView {
  readonly pointer: string;
  readonly from: string;
  readonly to: string;
  readonly port: string;
}

export interface ConditionView {
  /** Of the branch or child. */
  readonly pointer: string;
  readonly id: string;
  readonly when: When;
  readonly whenPointer: string;
}

export interface ChildView {
  readonly pointer: string;
  readonly id: string;
  readonly when?: When;
  readonly input?: Members;
}

/** A place where a workflow is named. */
export interface WorkflowUse {
  readonly pointer: string;
  readonly workflow: string;
  readonly parameters?: Members;
  /** Where its parameters stand, or would. */
  readonly parametersPointer: string;
  readonly level: Level;
  readonly node?: NodeView;
}

export type FoundWorkflow =
  | {
      readonly workflow: ResolvedWorkflow;
      readonly levels: readonly Level[];
      readonly uses: readonly WorkflowUse[];
    }
  | { readonly problem: Problem }
  /** There were too many to look up. */
  | 'not looked up';
