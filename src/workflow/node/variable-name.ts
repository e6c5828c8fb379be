import { z } from 'zod';
import { pathFault } from '../definition/lookup.js';

/** The name of a variable that a node sets: one step of a path, so that references and conditions reach it. */
export const VariableName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^.{}]+$/, 'must hold neither dots nor braces')
  .refine((name) => name.includes('.') || pathFault(name) === undefined, 'is a name that is never looked up');
