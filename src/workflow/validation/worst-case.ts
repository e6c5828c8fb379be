import { MOST_SUMMARIES } from '../node/rolling-summary.js';
import { pinKey } from '../definition/bundle.js';
import { adjacencyOf } from './adjacency.js';
import type { DefinitionView, GraphLevel, Level, NodeView, WorkflowUse } from './definition-view.js';
import { declares, isOff, literal, numberOf, passesOf, textOf } from './node-members.js';

/** An upper bound of what a run does, as far as its definition says; floating, as it may be astronomic. */
export interface WorstCase {
  readonly modelCalls: number;
  readonly toolCalls: number;
  readonly tokens: number;
  /** USD; null when a price is not known. */
  readonly cost: number | null;
  /** By the timeouts that are written down, along the longest path; what has none counts nothing. */
  readonly timeMs: number;
}

/** USD; null when the price is not known. `model` undefined is the default model. */
export type Price = (model: string | undefined, inputTokens: number, outputTokens: number) => number | null;

/** Assumed of an answer for which no maxTokens is written. */
const ANSWER_TOKENS = 1_000;
const CHARACTERS_A_TOKEN = 4;

const NOTHING: WorstCase = { modelCalls: 0, toolCalls: 0, tokens: 0, cost: 0, timeMs: 0 };

/**
 * Multiplies attempts, items and iterations through every level, workflows that are named included. Every node of a
 * graph is counted, also where a choice takes one of several; of a conditional, the dearest branch. A list whose length
 * only a run tells counts once.
 */
export function worstCase(view: DefinitionView, price: Price): WorstCase {
  const known = new Map<string, WorstCase>();
  const [root] = view.levels;
  return root ? ofLevels(root, view.levels, view.uses) : NOTHING;

  /** The inner levels come after the outer ones. */
  function ofLevels(first: Level, levels: readonly Level[], uses: readonly WorkflowUse[]): WorstCase {
    const inner = new Map<unknown, WorstCase[]>();
    for (const use of uses) push(inner, use.node ?? use.level, ofWorkflow(use));
    const done = new Map<Level, WorstCase>();
    for (const level of levels.toReversed()) {
      const bound = ofLevel(level, (holder) => inner.get(holder) ?? []);
      done.set(level, bound);
      push(inner, level.holder ?? level.parent, bound);
    }
    return done.get(first) ?? NOTHING;
  }

  function ofWorkflow(use: WorkflowUse): WorstCase {
    const key = pinKey(use);
    const bound = known.get(key);
    if (bound) return bound;
    known.set(key, NOTHING);
    const workflow = view.found.get(key);
    if (typeof workflow !== 'object' || !('workflow' in workflow)) return NOTHING;
    const [first] = workflow.levels;
    const found = first ? ofLevels(first, workflow.levels, workflow.uses) : NOTHING;
    known.set(key, found);
    return found;
  }

  function ofLevel(level: Level, inside: (holder: unknown) => readonly WorstCase[]): WorstCase {
    if (level.kind === 'graph') return ofGraph(level, (node) => ofNode(node, inside(node), price));
    if (level.kind === 'conditional') return dearest(inside(level));
    const bounds = inside(level);
    const total = bounds.reduce(sum, NOTHING);
    return level.strategy === 'parallel' ? { ...total, timeMs: Math.max(0, ...bounds.map(timeOf)) } : total;
  }
}

const push = (lists: Map<unknown, WorstCase[]>, key: unknown, bound: WorstCase): void => {
  const list = lists.get(key);
  if (list) list.push(bound);
  else lists.set(key, [bound]);
};

function ofGraph(level: GraphLevel, bound: (node: NodeView) => WorstCase): WorstCase {
  const bounds = level.nodes.map(bound);
  const { order, incoming } = adjacencyOf(level);
  const ends = new Float64Array(bounds.length);
  let longest = 0;
  for (const index of order) {
    let start = 0;
    for (const { from } of incoming[index] ?? []) start = Math.max(start, ends[from] ?? 0);
    const end = start + (bounds[index]?.timeMs ?? 0);
    ends[index] = end;
    longest = Math.max(longest, end);
  }
  return { ...bounds.reduce(sum, NOTHING), timeMs: longest };
}

function ofNode(node: NodeView, inside: readonly WorstCase[], price: Price): WorstCase {
  const attempts = node.definition.retry?.maxAttempts ?? 1;
  const { timeoutMs } = node.definition;
  const once = sum(ownOf(node, price), times(inside.reduce(sum, NOTHING), passesOf(node)));
  return times(timeoutMs === undefined ? once : { ...once, timeMs: timeoutMs }, attempts);
}

function ownOf(node: NodeView, price: Price): WorstCase {
  const toolCalls = numberOf(node, 'maxToolCalls') ?? (declares(node, 'tool') ? 1 : 0);
  if (!declares(node, 'model')) return { ...NOTHING, toolCalls };
  const modelCalls = modelCallsOf(node, toolCalls);
  const asked = (textOf(node, 'system')?.length ?? 0) + (textOf(node, 'prompt')?.length ?? 0);
  const input = Math.ceil(asked / CHARACTERS_A_TOKEN) * modelCalls;
  const output = (numberOf(node, 'maxTokens') ?? ANSWER_TOKENS) * modelCalls;
  const cost = price(literal(node, 'model'), input, output);
  return { modelCalls, toolCalls, tokens: input + output, cost, timeMs: 0 };
}

function modelCallsOf(node: NodeView, toolCalls: number): number {
  if (declares(node, 'summarise')) return isOff(node, 'summarise') ? 0 : MOST_SUMMARIES;
  return numberOf(node, 'maxToolCalls') === undefined ? 1 : toolCalls + 1;
}

const timeOf = ({ timeMs }: WorstCase): number => timeMs;

const sum = (a: WorstCase, b: WorstCase): WorstCase => ({
  modelCalls: a.modelCalls + b.modelCalls,
  toolCalls: a.toolCalls + b.toolCalls,
  tokens: a.tokens + b.tokens,
  cost: a.cost === null || b.cost === null ? null : a.cost + b.cost,
  timeMs: a.timeMs + b.timeMs,
});

const times = (bound: WorstCase, factor: number): WorstCase => ({
  modelCalls: bound.modelCalls * factor,
  toolCalls: bound.toolCalls * factor,
  tokens: bound.tokens * factor,
  cost: bound.cost === null ? null : bound.cost * factor,
  timeMs: bound.timeMs * factor,
});

const dearest = (bounds: readonly WorstCase[]): WorstCase =>
  bounds.reduce(
    (a, b) => ({
      modelCalls: Math.max(a.modelCalls, b.modelCalls),
      toolCalls: Math.max(a.toolCalls, b.toolCalls),
      tokens: Math.max(a.tokens, b.tokens),
      cost: a.cost === null || b.cost === null ? null : Math.max(a.cost, b.cost),
      timeMs: Math.max(a.timeMs, b.timeMs),
    }),
    NOTHING,
  );
