import type { OpenAPIObject } from '@nestjs/swagger';

type Schema = Readonly<Record<string, unknown>>;

/** The schemas that `$ref` names, by name. */
export type Schemas = Readonly<Record<string, unknown>>;

/** A body of the document; one with `example` or `examples` has them already. */
interface Media {
  readonly schema?: unknown;
  readonly example?: unknown;
  readonly examples?: unknown;
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Content = Record<string, Media>;

/**
 * The operation with an example for each JSON body that has none, made of the examples of its members. A request shows
 * what it must have, or else what it may say; an answer shows both.
 */
export function withExamples(operation: Operation, schemas: Schemas): Operation {
  const { requestBody, responses } = operation;
  return {
    ...operation,
    ...(requestBody && { requestBody: shown(requestBody, new ExampleComposer(schemas, isNeeded)) }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [
        status,
        shown(response, new ExampleComposer(schemas, isTelling)),
      ]),
    ),
  };
}

function shown<Body>(body: Body, composer: ExampleComposer): Body {
  const { content } = body as { readonly content?: Content };
  const json = content?.['application/json'];
  if (json?.schema === undefined || json.example !== undefined || json.examples !== undefined) return body;
  const example = composer.of(json.schema as Schema);
  return { ...body, content: { ...content, 'application/json': { ...json, example } } };
}

/** Whether an example of the object has this member. */
type Choice = (name: string, member: Schema, object: Schema) => boolean;

const requiredOf = ({ required }: Schema): readonly unknown[] => (Array.isArray(required) ? required : []);

const isTelling: Choice = (name, member, object) =>
  requiredOf(object).includes(name) || member.example !== undefined || member.allOf !== undefined;

/** Ids and times that need not be given would name what is not there, or what is over. */
const isNeeded: Choice = (name, member, object) => {
  const required = requiredOf(object);
  if (required.length > 0) return required.includes(name);
  return member.example !== undefined && member.format !== 'uuid' && member.format !== 'date-time';
};

const OF_FORMAT: Schema = {
  uuid: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b',
  'date-time': '2026-11-23T09:30:00.000Z',
  email: 'ada@example.com',
  uri: 'https://example.com/',
};

/** Makes values that schemas take; the same schema makes the same value. */
class ExampleComposer {
  constructor(
    private readonly schemas: Schemas,
    private readonly has: Choice,
  ) {}

  /** Undefined for a schema that leads back to one it is inside of, `around`: there an example ends. */
  of(schema: Schema, around: readonly string[] = []): unknown {
    const { example, default: preset, enum: values, oneOf, anyOf, allOf } = schema as Known;
    if (schema.$ref !== undefined) return this.named(String(schema.$ref), around);
    if (example !== undefined) return example;
    if (schema.const !== undefined) return schema.const;
    if (preset !== undefined) return preset;
    if (values) return values[0];
    const [choice] = oneOf ?? anyOf ?? [];
    if (choice) return this.of(choice, around);
    if (!allOf) return this.ofType(schema, around);
    const parts = allOf.map((part) => this.of(part, around));
    return parts.length === 1 ? parts[0] : Object.assign({}, ...parts);
  }

  private named(reference: string, around: readonly string[]): unknown {
    const name = reference.replace('#/components/schemas/', '');
    return around.includes(name) ? undefined : this.of((this.schemas[name] ?? {}) as Schema, [...around, name]);
  }

  private ofType(schema: Schema, around: readonly string[]): unknown {
    const type: unknown = Array.isArray(schema.type) ? schema.type[0] : schema.type;
    switch (type) {
      case 'array':
        return this.list(schema, around);
      case 'string':
        return OF_FORMAT[String(schema.format)] ?? 'text';
      case 'integer':
      case 'number':
        return schema.minimum ?? 0;
      case 'boolean':
        return false;
      case 'null':
        return null;
      default:
        return this.object(schema, around);
    }
  }

  private list({ items = {} }: Schema, around: readonly string[]): readonly unknown[] {
    const item = this.of(items as Schema, around);
    return item === undefined ? [] : [item];
  }

  private object(schema: Schema, around: readonly string[]): Schema {
    const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, Schema>> };
    const members = Object.entries(properties)
      .filter(([name, member]) => this.has(name, member, schema))
      .map(([name, member]) => [name, this.of(member, around)] as const);
    return Object.fromEntries(members.filter(([, value]) => value !== undefined));
  }
}

interface Known {
  readonly example?: unknown;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}
