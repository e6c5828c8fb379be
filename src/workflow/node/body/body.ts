import { z } from 'zod';
import { Definition, PlainTarget, WorkflowReference, type WorkflowTarget } from '../../definition/definition.js';
import type { TargetSite } from '../node-type.js';

/** What a map or loop repeats: a definition on the spot, or a workflow by reference, with parameters if need be. */
export const Body = z.union([WorkflowReference, z.lazy(() => Definition), z.lazy(() => PlainTarget)], {
  error: 'must be a definition, or name a workflow',
});

/** The body of a configuration as written, as a site. */
export function bodySite(config: Readonly<Record<string, unknown>>): readonly TargetSite[] {
  const { body } = config;
  if (typeof body === 'string') return [{ pointer: '/body', target: { workflow: body } }];
  if (!isMembers(body)) return [];
  if (!Object.hasOwn(body, 'kind')) return targetSite('/body', body);
  return [{ pointer: '/body', target: { definition: body as unknown as Definition }, definitionPointer: '/body' }];
}

/** Where in the configuration the workflow of a site stands, as a reference or as a definition. */
export const placeOf = ({ pointer, target, definitionPointer }: TargetSite): string =>
  target.definition ? (definitionPointer ?? `${pointer}/definition`) : pointer;

/** A workflow with its reference or definition among other members, as a site. */
export function targetSite(pointer: string, given: unknown): readonly TargetSite[] {
  if (!isMembers(given)) return [];
  const { workflow, definition, parameters } = given;
  const target: WorkflowTarget = {
    ...(typeof workflow === 'string' && { workflow }),
    ...(isMembers(definition) && { definition: definition as unknown as Definition }),
    ...(isMembers(parameters) && { parameters }),
  };
  return target.workflow === undefined && target.definition === undefined ? [] : [{ pointer, target }];
}

/** The sites of a list of such workflows. */
export const targetSites = (pointer: string, given: unknown): readonly TargetSite[] =>
  Array.isArray(given) ? given.flatMap((item, index) => targetSite(`${pointer}/${index}`, item)) : [];

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a body left as variables: its output's members, or the output under the name `output`. */
export const asVariables = (output: unknown): Readonly<Record<string, unknown>> =>
  isMembers(output) ? output : { output };
