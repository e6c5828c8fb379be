/** Constraints that Anthropic's structured output refuses; the answer is checked against the full schema by the caller. */
const UNSUPPORTED = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  '$schema',
]);

/** The schema in the subset that Anthropic accepts: every object closed, unsupported constraints left out. */
export function anthropicSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(anthropicSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (UNSUPPORTED.has(key)) continue;
    if (key === 'properties' || key === '$defs' || key === 'definitions') result[key] = eachOf(value);
    else result[key] = key === 'enum' || key === 'const' || key === 'default' ? value : anthropicSchema(value);
  }
  return result['type'] === 'object' || 'properties' in result ? { ...result, additionalProperties: false } : result;
}

function eachOf(named: unknown): unknown {
  if (typeof named !== 'object' || named === null) return named;
  return Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, anthropicSchema(schema)]));
}
