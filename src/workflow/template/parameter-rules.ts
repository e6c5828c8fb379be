import { z } from 'zod';
import type { FieldFault } from '../../platform/problem/problem.js';
import { schemaFaults } from '../definition/schema-faults.js';

export type Members = Readonly<Record<string, unknown>>;

/** Which parameters a template takes. */
export interface ParameterRules {
  /** JSON Schema of them, without the template's defaults. */
  readonly schema: ParameterSchema;
  /** What is wrong with `parameters`, with pointers from their root; `partial` ones may lack what is required. */
  faults(parameters: Members, options?: { readonly partial?: boolean }): readonly FieldFault[];
}

export interface ParameterSchema extends Members {
  readonly properties: Readonly<Record<string, Members>>;
  readonly required?: readonly string[];
}

/** The rules of a built-in template. What it requires has a default, so that it may not be taken away either. */
export function zodRules(parameters: z.ZodObject): ParameterRules {
  const { $schema: _, ...schema } = z.toJSONSchema(parameters, { io: 'input' });
  return {
    schema: schema as unknown as ParameterSchema,
    faults: (given) => schemaFaults(parameters.safeParse(given).error?.issues ?? []),
  };
}

/** The schema of one parameter, for a default of its own. */
export const withoutDefault = (property: Members): Members =>
  Object.fromEntries(Object.entries(property).filter(([keyword]) => keyword !== 'default'));
