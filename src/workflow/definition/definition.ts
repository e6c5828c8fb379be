import { z } from 'zod';
import { withBranches } from '../condition/short-form.js';
import { When } from '../condition/when.js';

/** What the engine runs, as data: a graph, a choice between workflows, or several workflows as one. */

const name = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z][\w-]*$/, 'must start with a letter and hold letters, digits, _ and -');

const milliseconds = z.number().int().min(1).max(86_400_000);
const port = z.string().min(1).max(64);

export const Retry = z.strictObject({
  maxAttempts: z.number().int().min(1).max(10).default(3).describe('Attempts in all, the first included.'),
  backoffMs: z.number().int().min(0).max(60_000).default(500).describe('Pause before the second attempt.'),
  factor: z.number().min(1).max(10).default(2).describe('By which each pause is longer than the one before.'),
  jitter: z.boolean().default(true).describe('Whether pauses are shortened at random, by up to half.'),
  on: z
    .array(z.enum(['timeout', 'rateLimited', 'unavailable']))
    .min(1)
    .default(['timeout', 'rateLimited', 'unavailable'])
    .describe('The failures that are tried again.'),
});

export const NodeDefinition = z.strictObject({
  id: name,
  type: z.string().min(1).max(64),
  title: z.string().max(200).optional(),
  config: z.record(z.string(), z.unknown()).default({}),
  retry: Retry.optional(),
  /** Wall-clock milliseconds, whatever the node does. */
  timeoutMs: milliseconds.optional(),
  /** What its failure does: end the run, go on by `next`, or leave by a port. By default `fail`. */
  onError: z.union([z.enum(['fail', 'continue']), z.strictObject({ port })]).optional(),
  /** Where a designer draws it. */
  position: z.strictObject({ x: z.number(), y: z.number() }).optional(),
});

export const EdgeDefinition = z.strictObject({
  from: name,
  to: name,
  /** The port of `from` it leaves; a bare edge leaves `next`. */
  port: port.default('next'),
});

/** Lower limits for every run of a definition; milliseconds on the wall clock, and counts. */
export const DefinitionLimits = z.strictObject({
  runTimeoutMs: milliseconds.optional(),
  nodeTimeoutMs: milliseconds.optional(),
  maxToolCalls: z.number().int().min(1).max(50).optional(),
  maxTokens: z.number().int().min(1).max(100_000_000).optional(),
});

const described = {
  name: z.string().min(1).max(200).optional(),
  description: z.string().max(2000).optional(),
  /** JSON Schema of the input. */
  input: z.record(z.string(), z.unknown()).optional(),
  limits: DefinitionLimits.optional(),
};

export const GraphDefinition = z.strictObject({
  kind: z.literal('graph'),
  ...described,
  nodes: z.array(NodeDefinition).min(1).max(100),
  edges: z.array(EdgeDefinition).max(200).default([]),
  /** References that make the run's output; without it all variables are. */
  output: z.unknown().optional(),
});

/** A workflow by reference (mode, template, name, name@version or id) or as a definition on the spot. */
export interface WorkflowTarget {
  readonly workflow?: string;
  readonly definition?: Definition;
  /** Parameters of a template, input of anything else. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export const WorkflowReference = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !text.includes('{{'), 'must name a workflow; a reference cannot choose it');

const target = {
  workflow: WorkflowReference.optional().describe('Mode, template, name, name@version or id of a workflow.'),
  definition: z
    .lazy((): z.ZodType<Definition> => Definition)
    .optional()
    .describe('The workflow on the spot, instead of a reference.'),
  parameters: z.record(z.string(), z.unknown()).optional().describe('Parameters of a template; part of its input.'),
};
const namesOne = ({ workflow, definition }: WorkflowTarget): boolean =>
  (workflow === undefined) !== (definition === undefined);
const NAMES_ONE = { error: 'must have either "workflow" or "definition"' };

export const Target: z.ZodType<WorkflowTarget> = z.strictObject(target).refine(namesOne, NAMES_ONE);

/** A target where a definition may stand too: what has a kind is never taken for one. */
export const PlainTarget: z.ZodType<WorkflowTarget> = z
  .strictObject({ kind: z.never().optional(), ...target })
  .refine(namesOne, NAMES_ONE);

const branchId = z.string().min(1).max(64);

export const BranchDefinition: z.ZodType<BranchDefinition> = z
  .strictObject({ id: branchId, when: When, ...target })
  .refine(namesOne, NAMES_ONE);

const child = {
  ...target,
  /** References that make its input; without it, the composite's input with what came before. */
  input: z.record(z.string(), z.unknown()).optional(),
  /** For the strategy `conditional`: the child runs when this matches. */
  when: When.optional(),
  timeoutMs: milliseconds.optional(),
};

export const ChildDefinition: z.ZodType<ChildDefinition> = z
  .strictObject({ id: name, ...child })
  .refine(namesOne, NAMES_ONE);

/** The child for no match; its id may be left out. */
const DefaultChild: z.ZodType<ChildDefinition> = z
  .strictObject({ id: name.default('default'), ...child })
  .refine(namesOne, NAMES_ONE);

const uniqueIds = (items: readonly { readonly id: string }[]): boolean =>
  new Set(items.map(({ id }) => id)).size === items.length;
const UNIQUE_IDS = { error: 'must not use an id twice' };

export const conditionalFields = {
  branches: z.array(BranchDefinition).min(1).max(64).refine(uniqueIds, UNIQUE_IDS),
  default: Target.optional(),
};

export const compositeFields = {
  strategy: z.enum(['sequential', 'parallel', 'conditional']).describe('How the children run.'),
  workflows: z.array(ChildDefinition).min(1).max(100).refine(uniqueIds, UNIQUE_IDS).describe('The children, in order.'),
  onError: z.enum(['continue', 'failFast']).default('continue').describe('Whether a failed child ends the others.'),
  maxConcurrency: z.number().int().min(1).max(100).default(4).describe('Most children at once, when parallel.'),
  merge: z
    .enum(['namespace', 'lastWins'])
    .default('namespace')
    .describe('How outputs are merged: each under its child’s id, or their members by key.'),
  default: DefaultChild.optional().describe('The child that runs when no condition matches.'),
};

export const ConditionalDefinition = z.strictObject({
  kind: z.literal('conditional'),
  ...described,
  ...conditionalFields,
});

export const CompositeDefinition = z.strictObject({ kind: z.literal('composite'), ...described, ...compositeFields });

/** Any definition, normalised: a conditional's short form has become branches, at every level. */
export const Definition: z.ZodType<Definition> = z.preprocess(
  (given, context) => {
    if (!isConditional(given)) return given;
    const normalised = withBranches(given);
    if ('definition' in normalised) return normalised.definition;
    for (const { pointer, detail } of normalised.faults)
      context.issues.push({ code: 'custom', message: detail, path: namesOf(pointer), input: given });
    return z.NEVER;
  },
  z.discriminatedUnion('kind', [GraphDefinition, ConditionalDefinition, CompositeDefinition], {
    error: 'must be a definition of the kind "graph", "conditional" or "composite"',
  }),
);

const isConditional = (given: unknown): given is Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null && 'kind' in given && given.kind === 'conditional';

const namesOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

export type Retry = z.output<typeof Retry>;
export type NodeDefinition = z.output<typeof NodeDefinition>;
export type EdgeDefinition = z.output<typeof EdgeDefinition>;
export type DefinitionLimits = z.output<typeof DefinitionLimits>;
export type GraphDefinition = z.output<typeof GraphDefinition>;

export interface BranchDefinition extends WorkflowTarget {
  readonly id: string;
  readonly when: When;
}

/** A composite's child. */
export interface ChildDefinition extends WorkflowTarget {
  readonly id: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly when?: When;
  readonly timeoutMs?: number;
}

interface Described {
  readonly name?: string;
  readonly description?: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly limits?: DefinitionLimits;
}

/** The members of a choice between workflows. */
export interface Choice {
  readonly branches: readonly BranchDefinition[];
  readonly default?: WorkflowTarget;
}

/** The members of several workflows as one. */
export interface Composition {
  readonly strategy: 'sequential' | 'parallel' | 'conditional';
  readonly workflows: readonly ChildDefinition[];
  readonly onError: 'continue' | 'failFast';
  readonly maxConcurrency: number;
  readonly merge: 'namespace' | 'lastWins';
  readonly default?: ChildDefinition;
}

export type ConditionalDefinition = { readonly kind: 'conditional' } & Described & Choice;
export type CompositeDefinition = { readonly kind: 'composite' } & Described & Composition;
export type Definition = GraphDefinition | ConditionalDefinition | CompositeDefinition;
