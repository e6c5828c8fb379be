import { z } from 'zod';
import type { JsonSchema } from '../../platform/schema/json-schema.js';
import type { NodeTypeOptions } from './node-type.js';

/** A node type's configuration as JSON Schema, as definitions write it: what has a default may be absent. */
export function configSchemaOf({ config }: Pick<NodeTypeOptions, 'config'>): JsonSchema {
  return z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' });
}
