import { Injectable } from '@nestjs/common';
import { pinKey } from '../../definition/bundle.js';
import type { DefinitionView, FoundWorkflow, WorkflowUse } from '../definition-view.js';
import { MAX_DEPTH } from '../level-reader.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { fault, quoted, type Violation } from '../violation.js';

/** A definition must not reach itself through the workflows it names, nor more levels than may be inside one another. */
@Injectable()
@ValidationRule()
export class SelfContainmentRule implements Rule {
  *check(view: DefinitionView): Iterable<Violation> {
    const reach = new Reach(view);
    for (const use of view.uses) {
      const circle = reach.circleFrom(use);
      if (circle) yield selfContaining(use, circle);
      else {
        const depth = use.level.depth + 1 + reach.heightOf(pinKey(use));
        if (depth > MAX_DEPTH) yield tooDeep(use, depth);
      }
    }
  }
}

/** Follows names through the workflows they stand for; each is followed once. */
class Reach {
  private readonly circles = new Map<string, readonly string[] | undefined>();
  private readonly heights = new Map<string, number>();

  constructor(private readonly view: DefinitionView) {}

  /** The names from `use` to one that closes a circle; undefined when there is none. */
  circleFrom(use: WorkflowUse): readonly string[] | undefined {
    return this.follow(use, []);
  }

  private follow(use: WorkflowUse, path: readonly string[]): readonly string[] | undefined {
    const key = pinKey(use);
    const names = [...path, use.workflow];
    if (this.isOwn(use)) return names;
    if (this.following.has(key)) return names;
    if (this.circles.has(key)) {
      const rest = this.circles.get(key);
      return rest && [...path, ...rest];
    }
    this.following.add(key);
    let circle: readonly string[] | undefined;
    for (const inner of this.usesOf(key)) {
      circle = this.follow(inner, names);
      if (circle) break;
    }
    this.following.delete(key);
    this.circles.set(key, circle?.slice(path.length));
    return circle;
  }

  private readonly following = new Set<string>();

  /** A version that was published stays as it is, so that naming one's own is no circle. */
  private isOwn(use: WorkflowUse): boolean {
    const { workflowId, found } = this.view;
    const workflow = found.get(pinKey(use));
    const isPinned = /@\d+$/.test(use.workflow);
    return workflowId !== undefined && !isPinned && isFound(workflow) && workflow.workflow.id === workflowId;
  }

  /** Levels inside the workflow's own. Only for what is in no circle. */
  heightOf(key: string): number {
    const known = this.heights.get(key);
    if (known !== undefined) return known;
    this.heights.set(key, 0);
    const workflow = this.view.found.get(key);
    const depths = isFound(workflow) ? workflow.levels.map(({ depth }) => depth) : [];
    for (const use of this.usesOf(key)) depths.push(use.level.depth + 1 + this.heightOf(pinKey(use)));
    const height = Math.max(0, ...depths);
    this.heights.set(key, height);
    return height;
  }

  private usesOf(key: string): readonly WorkflowUse[] {
    const workflow = this.view.found.get(key);
    return isFound(workflow) ? workflow.uses : [];
  }
}

const isFound = (workflow: FoundWorkflow | undefined): workflow is Extract<FoundWorkflow, { workflow: unknown }> =>
  typeof workflow === 'object' && 'workflow' in workflow;

const selfContaining = ({ pointer, workflow }: WorkflowUse, circle: readonly string[]): Violation =>
  fault(
    'self-containing',
    pointer,
    `Workflow ${quoted(workflow)} contains itself: ${circle.slice(0, 10).map(quoted).join(' -> ')}.`,
    'Break the circle: a workflow must not lead back to itself. To repeat, use a loop node.',
  );

const tooDeep = ({ pointer, workflow }: WorkflowUse, depth: number): Violation =>
  fault(
    'too-deep',
    pointer,
    `With workflow ${quoted(workflow)}, ${depth} definitions are inside one another; at most ${MAX_DEPTH} may be.`,
    'Nest less, for example by joining several levels into one graph.',
  );
