import type { FieldFault } from '../../platform/problem/problem.js';
import { pointerOf } from './json-pointer.js';
import { isComposition } from './when-parts.js';
import { readWhen } from './when.js';

type Members = Readonly<Record<string, unknown>>;

/** The definition in its long form, or all that keeps it from having one. */
export type Normalised = { readonly definition: Members } | { readonly faults: readonly FieldFault[] };

/** A digits-only name: JavaScript moves such names to the front, so their place in the text is lost when it is parsed. */
const DIGITS = /^\d+$/;

/**
 * A conditional definition with `branches` in place of `conditions` and `workflows`, in the order of the conditions; a
 * condition's name is the path it asks about and the id of its branch. A definition without `conditions` and
 * `workflows` is returned as it is. What is inside `workflows` and `default` is left for the definition's own schema.
 */
export function withBranches(definition: Members): Normalised {
  if (!Object.hasOwn(definition, 'conditions') && !Object.hasOwn(definition, 'workflows')) return { definition };
  const { conditions, workflows, default: otherwise, ...rest } = definition;
  const faults = [...faultsOfShape(definition), ...faultsOfNames(conditions, workflows)];
  if (faults.length > 0 || !isMembers(conditions) || !isMembers(workflows)) return { faults };
  const branches = Object.entries(conditions).map(([name, expectation]) => ({
    id: name,
    when: { [name]: expectation },
    ...target(workflows[name]),
  }));
  return { definition: { ...rest, branches, ...(otherwise !== undefined && { default: target(otherwise) }) } };
}

/** A bare reference is short for `{ workflow }`. */
const target = (given: unknown): Members => (isMembers(given) ? given : { workflow: given });

function faultsOfShape(definition: Members): readonly FieldFault[] {
  const faults = ['conditions', 'workflows']
    .filter((name) => !isMembers(own(definition, name)))
    .map((name) => ({ pointer: `/${name}`, detail: 'must be an object; conditions and workflows go together' }));
  if (!Object.hasOwn(definition, 'branches')) return faults;
  return [
    ...faults,
    { pointer: '/branches', detail: 'cannot stand beside conditions and workflows; keep one of the forms' },
  ];
}

function faultsOfNames(conditions: unknown, workflows: unknown): readonly FieldFault[] {
  if (!isMembers(conditions) || !isMembers(workflows)) return [];
  const withoutCondition = Object.keys(workflows).filter((name) => !Object.hasOwn(conditions, name));
  return [
    ...Object.entries(conditions).flatMap(([name, expectation]) => faultsOfCondition(name, expectation, workflows)),
    ...withoutCondition.map((name) => ({
      pointer: pointerOf(['workflows', name]),
      detail: 'has no condition of this name; the workflow for no match is "default"',
    })),
    ...Object.entries(workflows)
      .filter(([, given]) => typeof given !== 'string' && !isMembers(given))
      .map(([name]) => ({ pointer: pointerOf(['workflows', name]), detail: 'must be a reference or an object' })),
  ];
}

function faultsOfCondition(name: string, expectation: unknown, workflows: Members): readonly FieldFault[] {
  const at = (detail: string): FieldFault => ({ pointer: pointerOf(['conditions', name]), detail });
  const missing = Object.hasOwn(workflows, name) ? [] : [at('has no workflow of this name')];
  if (DIGITS.test(name)) {
    return [
      at(
        'is a number, and JSON does not keep the order of such names; begin it with "input." or "variables.", or use branches',
      ),
      ...missing,
    ];
  }
  if (isComposition(name)) {
    return [
      at(`means composition; write "input.${name}" or "variables.${name}" for a value of that name, or use branches`),
      ...missing,
    ];
  }
  const read = readWhen({ [name]: expectation });
  return 'when' in read
    ? missing
    : [...read.faults.map(({ pointer, detail }) => ({ pointer: `/conditions${pointer}`, detail })), ...missing];
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const own = (members: Members, name: string): unknown => (Object.hasOwn(members, name) ? members[name] : undefined);
