import type { INestApplication } from '@nestjs/common';
import { apiDocument } from '../../src/openapi.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface ApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

const ENDLESS: ReadonlySet<string> = new Set(['GET /api/v1/events']);

/** An operation as the OpenAPI document describes it. */
export interface ApiOperation {
  /** `GET /api/v1/runs/{id}`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly isPublic: boolean;
  /** The answer goes on for as long as the reader stays. */
  readonly isEndless: boolean;
  readonly parameters: readonly ApiParameter[];
  /** Of the JSON body, dereferenced; undefined without one. */
  readonly body: JsonSchema | undefined;
  /** JSON Schema of each documented answer by status; null for one that is no JSON. */
  readonly answers: ReadonlyMap<number, JsonSchema | null>;
}

/** Every operation of the document, its schemas without references but those to themselves. */
export function operationsOf(app: INestApplication): readonly ApiOperation[] {
  const document = JSON.parse(JSON.stringify(apiDocument(app))) as Document;
  const schemas = document.components.schemas;
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      isPublic: (operation.security ?? []).length === 0,
      isEndless: ENDLESS.has(`${method.toUpperCase()} ${path}`),
      parameters: (operation.parameters ?? []).map((parameter) => ({
        ...parameter,
        schema: inlined(parameter.schema, schemas),
      })),
      body: schemaOf(operation.requestBody?.content, schemas),
      answers: new Map(
        Object.entries(operation.responses).map(([status, { content }]) => [
          Number(status),
          schemaOf(content, schemas) ?? null,
        ]),
      ),
    })),
  );
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

interface Operation {
  readonly security?: readonly unknown[];
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly content?: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema?: JsonSchema }>>;

function schemaOf(content: Content | undefined, schemas: Document['components']['schemas']): JsonSchema | undefined {
  const schema = (content?.['application/json'] ?? content?.['application/problem+json'])?.schema;
  return schema && inlined(schema, schemas);
}

const REFERENCE = '#/components/schemas/';

/** A schema that refers to one it is inside of takes any value there. */
function inlined(
  schema: JsonSchema,
  schemas: Document['components']['schemas'],
  around: readonly string[] = [],
): JsonSchema {
  const name = typeof schema['$ref'] === 'string' ? schema['$ref'].replace(REFERENCE, '') : undefined;
  if (name !== undefined) {
    if (around.includes(name)) return {};
    return inlined(schemas[name] ?? {}, schemas, [...around, name]);
  }
  const inside = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inside);
    return typeof value === 'object' && value !== null ? inlined(value as JsonSchema, schemas, around) : value;
  };
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inside(value)]));
}
