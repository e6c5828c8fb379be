import type { Definition } from '../definition/definition.js';

/** A stored workflow as lists show it. */
export interface WorkflowSummary {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly tags: readonly string[];
  /** The version that its name runs; null before anything is published. */
  readonly publishedVersion: number | null;
  /** The newest version; null before anything is published. */
  readonly latestVersion: number | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Workflow extends WorkflowSummary {
  /** The draft. */
  readonly definition: Definition;
}

/** A workflow and the revision that its entity tag names. */
export interface RevisedWorkflow {
  readonly workflow: Workflow;
  readonly revision: number;
}

export interface NewWorkflow {
  readonly name: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** As it was sent: it is read, and its short forms become long ones, before it is stored. */
  readonly definition: unknown;
}

/** What to change: absent keeps, null clears. */
export interface WorkflowChanges {
  readonly name?: string;
  readonly description?: string | null;
  readonly tags?: readonly string[] | null;
}

export interface WorkflowFilter {
  /** Part of the name or description, in any case. */
  readonly query?: string;
  readonly tag?: string;
}

/** Which state of a definition: a version's number, or the draft. */
export type VersionReference = number | 'draft';

/** A version as lists show it. A version never changes. */
export interface VersionSummary {
  readonly workflowId: string;
  /** From 1 without gaps. */
  readonly version: number;
  readonly hash: string;
  readonly note?: string;
  readonly createdBy: string;
  readonly createdAt: string;
}

export interface Version extends VersionSummary {
  readonly definition: Definition;
}
