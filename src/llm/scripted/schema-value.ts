type Schema = Readonly<Record<string, unknown>>;

interface Scope {
  readonly root: Schema;
  readonly seed: string;
  readonly depth: number;
}

const MAX_DEPTH = 12;

/**
 * A small value that fits a JSON Schema, the same for the same seed: required properties only, the first of alternatives,
 * numbers of the seed where a number is asked for, the seed itself as text. Patterns are not solved.
 */
export function schemaValue(schema: Schema, seed: string): unknown {
  return fitting(schema, { root: schema, seed, depth: 0 });
}

function fitting(schema: unknown, scope: Scope): unknown {
  if (!isSchema(schema) || scope.depth > MAX_DEPTH) return null;
  const inner = { ...scope, depth: scope.depth + 1 };
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return mentioned(schema['enum'] as unknown[], scope.seed);
  if (typeof schema['$ref'] === 'string') return fitting(resolved(schema['$ref'], scope.root), inner);
  if (Array.isArray(schema['allOf'])) return fitting(mergedSchema(schema, scope.root), inner);
  const alternatives = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(alternatives))
    return fitting((alternatives as unknown[]).find((one) => isSchema(one) && one['type'] !== 'null') ?? {}, inner);
  if ('default' in schema) return schema['default'];
  return typed(schema, inner);
}

function typed(schema: Schema, scope: Scope): unknown {
  switch (typeOf(schema)) {
    case 'object':
      return objectValue(schema, scope);
    case 'array':
      return Array.from({ length: Math.min(number(schema['minItems']) ?? 0, 100) }, () =>
        fitting(schema['items'] ?? {}, scope),
      );
    case 'integer':
      return numberValue(schema, scope.seed, 1);
    case 'number':
      return numberValue(schema, scope.seed, undefined);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return stringValue(schema, scope.seed);
  }
}

function typeOf(schema: Schema): unknown {
  const type = Array.isArray(schema['type'])
    ? (schema['type'] as unknown[]).find((one) => one !== 'null')
    : schema['type'];
  if (type !== undefined) return type;
  if ('properties' in schema) return 'object';
  return 'items' in schema ? 'array' : 'string';
}

function objectValue(schema: Schema, scope: Scope): unknown {
  const properties = new Map(Object.entries(isSchema(schema['properties']) ? schema['properties'] : {}));
  const required = Array.isArray(schema['required'])
    ? (schema['required'] as unknown[]).filter((name) => typeof name === 'string')
    : [];
  return Object.fromEntries(required.map((name) => [name, fitting(properties.get(name) ?? {}, scope)]));
}

function numberValue(schema: Schema, seed: string, whole: 1 | undefined): number {
  const step = number(schema['multipleOf']) ?? whole;
  const exclusiveMin = number(schema['exclusiveMinimum']);
  const exclusiveMax = number(schema['exclusiveMaximum']);
  const least = Math.max(
    number(schema['minimum']) ?? -Infinity,
    exclusiveMin === undefined
      ? -Infinity
      : exclusiveMin + (step ?? Number.EPSILON * Math.max(1, Math.abs(exclusiveMin))),
  );
  const most = Math.min(
    number(schema['maximum']) ?? Infinity,
    exclusiveMax === undefined
      ? Infinity
      : exclusiveMax - (step ?? Number.EPSILON * Math.max(1, Math.abs(exclusiveMax))),
  );
  const wanted = Math.min(Math.max(Number(/-?\d{1,9}(?:\.\d{1,6})?/.exec(seed)?.[0] ?? 1), least), most);
  if (step === undefined) return wanted;
  const up = Math.ceil(wanted / step) * step;
  return up <= most ? up : Math.floor(wanted / step) * step;
}

const FORMATS: ReadonlyMap<unknown, string> = new Map([
  ['date-time', '2026-01-01T00:00:00Z'],
  ['date', '2026-01-01'],
  ['time', '00:00:00Z'],
  ['email', 'someone@example.com'],
  ['uri', 'https://example.com/'],
  ['uuid', '00000000-0000-4000-8000-000000000000'],
]);

function stringValue(schema: Schema, seed: string): string {
  const format = FORMATS.get(schema['format']);
  if (format !== undefined) return format;
  const least = Math.min(number(schema['minLength']) ?? 0, 10_000);
  const most = Math.max(least, Math.min(number(schema['maxLength']) ?? 500, 10_000));
  return seed.slice(0, most).padEnd(least, '.');
}

/** The alternative that the seed names, else the first. */
function mentioned(alternatives: readonly unknown[], seed: string): unknown {
  const text = seed.toLowerCase();
  return (
    alternatives.find((one) => typeof one === 'string' && one !== '' && text.includes(one.toLowerCase())) ??
    alternatives[0]
  );
}

/** The parts of `allOf` laid over each other. */
function mergedSchema({ allOf, ...rest }: Schema, root: Schema): Schema {
  const parts = [rest, ...(allOf as unknown[])]
    .map((part) => (isSchema(part) && typeof part['$ref'] === 'string' ? resolved(part['$ref'], root) : part))
    .filter(isSchema);
  const properties = Object.assign({}, ...parts.map((part) => part['properties'])) as Schema;
  const required = parts.flatMap((part) => (Array.isArray(part['required']) ? (part['required'] as unknown[]) : []));
  return { ...(Object.assign({}, ...parts) as Schema), properties, required: [...new Set(required)] };
}

/** A reference into the same document: `#/$defs/name`. */
function resolved(reference: string, root: Schema): unknown {
  if (!reference.startsWith('#')) return {};
  return reference
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, step) => (isSchema(at) && Object.hasOwn(at, step) ? at[step] : undefined), root);
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
