import { Injectable } from '@nestjs/common';
import { pinKey } from '../../definition/bundle.js';
import { Problem } from '../../../platform/problem/problem.js';
import { requirementsUnmet, workflowUnknown } from '../../workflow.errors.js';
import type { DefinitionView, WorkflowUse } from '../definition-view.js';
import { sentence } from '../structure-faults.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, fault, quoted, type Violation } from '../violation.js';

/** Workflows that are named must be there, published, and take their parameters. */
@Injectable()
@ValidationRule()
export class WorkflowReferenceRule implements Rule {
  *check({ uses, found }: DefinitionView): Iterable<Violation> {
    for (const use of uses) {
      if (use.workflow.includes('{{')) {
        if (use.node) yield chosenByReference(use);
        continue;
      }
      const workflow = found.get(pinKey(use));
      if (workflow === 'not looked up') yield notLookedUp(use);
      else if (workflow && 'problem' in workflow) yield* faultsOf(use, workflow.problem);
    }
  }
}

function* faultsOf(use: WorkflowUse, problem: Problem): Generator<Violation> {
  const { errors } = problem.body();
  if (errors) {
    for (const { pointer, detail } of errors)
      yield fault(
        'invalid-parameters',
        use.parametersPointer + pointer.replace(/^\/parameters/, ''),
        `The parameters of workflow ${quoted(use.workflow)}: ${quoted(pointer)} ${sentence(detail)}`,
        'Correct them as the template describes its parameters.',
      );
    return;
  }
  yield fault(codeOf(problem), use.pointer, messageOf(use, problem), hintOf(problem));
}

function codeOf(problem: Problem): string {
  if (isUnknown(problem)) return 'unknown-workflow';
  return problem.status === 409 ? 'unpublished-workflow' : problem.type.slug;
}

const messageOf = ({ workflow }: WorkflowUse, problem: Problem): string =>
  isUnknown(problem)
    ? `There is no workflow ${quoted(workflow)} in this workspace.`
    : `Workflow ${quoted(workflow)} cannot be run: ${problem.detail}`;

function hintOf(problem: Problem): string {
  if (isUnknown(problem))
    return 'Name a mode such as "plain", a template, or a workflow of GET /workflows by name, name@version or id.';
  if (problem.type.slug === requirementsUnmet.type.slug) return 'Provide what it needs, or name another workflow.';
  return problem.status === 409 ? 'Publish it, or name a version: name@3 or name@draft.' : problem.type.explanation;
}

const chosenByReference = ({ pointer, workflow }: WorkflowUse): Violation =>
  fault(
    'unknown-workflow',
    pointer,
    `The workflow is given as ${quoted(workflow)}, but a reference cannot choose it.`,
    'Name the workflow, or choose between several with a conditional.',
  );

const notLookedUp = ({ pointer, workflow }: WorkflowUse): Violation =>
  advice(
    'workflow-not-checked',
    pointer,
    `Workflow ${quoted(workflow)} was not looked up: the definition names too many.`,
    'Name fewer workflows.',
  );

const isUnknown = (problem: unknown): boolean => Problem.is(problem, workflowUnknown);
