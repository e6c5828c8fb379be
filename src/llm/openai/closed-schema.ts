/**
 * Whether OpenAI's strict mode accepts this schema: every object forbids additional properties and requires each of its
 * own. Other schemas are sent without strict mode, which would refuse them.
 */
export function isClosedSchema(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isClosedSchema);
  if (typeof schema !== 'object' || schema === null) return true;
  const {
    type,
    properties,
    required,
    additionalProperties,
    enum: _enum,
    const: _const,
    ...rest
  } = schema as Record<string, unknown>;
  if (type === 'object' || properties !== undefined) {
    const names = Object.keys((properties ?? {}) as object);
    const listed = new Set(Array.isArray(required) ? (required as unknown[]) : []);
    if (additionalProperties !== false || names.some((name) => !listed.has(name))) return false;
  }
  return Object.values((properties ?? {}) as object).every(isClosedSchema) && Object.values(rest).every(isClosedSchema);
}
