import { z } from 'zod';

/** What the engine runs, as data. `graph` is the kind every other compiles to. */

const name = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z][\w-]*$/, 'must start with a letter and hold letters, digits, _ and -');

export const NodeDefinition = z.strictObject({
  id: name,
  type: z.string().min(1).max(64),
  title: z.string().max(200).optional(),
  config: z.record(z.string(), z.unknown()).default({}),
  timeoutMs: z.number().int().min(1).max(86_400_000).optional(),
  position: z.strictObject({ x: z.number(), y: z.number() }).optional(),
});

export const EdgeDefinition = z.strictObject({
  from: name,
  to: name,
  /** The port of `from` it leaves; a bare edge leaves `next`. */
  port: z.string().min(1).max(64).default('next'),
});

export const GraphDefinition = z.strictObject({
  kind: z.literal('graph'),
  name: z.string().min(1).max(200).optional(),
  description: z.string().max(2000).optional(),
  nodes: z.array(NodeDefinition).min(1).max(100),
  edges: z.array(EdgeDefinition).max(200).default([]),
  /** References that make the run's output; without it all variables are. */
  output: z.unknown().optional(),
});

export type NodeDefinition = z.output<typeof NodeDefinition>;
export type EdgeDefinition = z.output<typeof EdgeDefinition>;
export type GraphDefinition = z.output<typeof GraphDefinition>;
export type Definition = GraphDefinition;
