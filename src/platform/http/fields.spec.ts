import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiExtraModels, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import fc from 'fast-check';
import { Problem } from '../problem/problem.js';
import {
  Choice,
  Email,
  Flag,
  Id,
  IdList,
  Int,
  JsonObject,
  JsonValue,
  Nested,
  Num,
  QueryFlag,
  QueryInt,
  Text,
  TextList,
  Time,
} from './fields.js';
import { RequestValidationPipe } from './validation.pipe.js';

const description = 'A field.';

class InnerDto {
  @Text({ description, min: 1, max: 3 })
  readonly name!: string;

  @Int({ description, optional: true })
  readonly count?: number;
}

/** One field of each kind, each of a class of its own. */
const FIELDS = {
  text: Text({ description, max: 5 }),
  filledText: Text({ description, min: 2, max: 5 }),
  code: Text({ description, min: 1, max: 5, pattern: /^[a-z]+$/ }),
  optionalText: Text({ description, max: 5, optional: true }),
  nullableText: Text({ description, max: 5, nullable: true }),
  freeText: Text({ description, max: 5, optional: true, nullable: true }),
  number: Num({ description, min: -1.5, max: 2.5 }),
  anyNumber: Num({ description }),
  integer: Int({ description, min: -2, max: 3 }),
  flag: Flag({ description }),
  choice: Choice(['a', 'b'], { description }),
  texts: TextList({ description, minItems: 1, maxItems: 3, maxLength: 2 }),
  ids: IdList({ description, maxItems: 2 }),
  object: JsonObject({ description }),
  value: JsonValue({ description }),
  nullableValue: JsonValue({ description, nullable: true }),
  nested: Nested(() => InnerDto, { description }),
  id: Id({ description }),
  email: Email({ description }),
  time: Time({ description }),
} as const;
type FieldName = keyof typeof FIELDS;

const NAMES = Object.keys(FIELDS) as readonly FieldName[];
const classes = new Map(NAMES.map((name) => [name, classOf(name, FIELDS[name])]));

function classOf(name: string, decorate: PropertyDecorator): new () => object {
  const type = class {};
  Object.defineProperty(type, 'name', { value: name });
  Reflect.defineMetadata('design:type', Object, type.prototype, 'field');
  decorate(type.prototype, 'field');
  return type;
}

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly nullable?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

describe('the fields of a DTO', () => {
  let schemas: Readonly<Record<string, Schema>> = {};
  const pipe = new RequestValidationPipe();

  const received = (name: FieldName, body: object): Promise<unknown> =>
    pipe.transform(body, { type: 'body', metatype: classes.get(name) });

  const accepts = async (name: FieldName, value: unknown): Promise<boolean> => {
    try {
      await received(name, value === undefined ? {} : { field: value });
      return true;
    } catch (error) {
      if (error instanceof Problem && error.status === 422) return false;
      throw error;
    }
  };

  const documented = (name: FieldName, value: unknown): boolean => {
    const { properties = {}, required = [] } = schemas[name] ?? {};
    return value === undefined ? !required.includes('field') : conforms(properties.field ?? {}, value, schemas);
  };

  beforeAll(async () => {
    @ApiExtraModels(...classes.values())
    @Controller()
    class Documented {}

    @Module({ controllers: [Documented] })
    class DocumentedModule {}

    const app = await NestFactory.create(DocumentedModule, { logger: false });
    schemas = SwaggerModule.createDocument(app, new DocumentBuilder().build()).components?.schemas as typeof schemas;
    await app.close();
  });

  it.each(NAMES.filter((name) => !['id', 'ids', 'email', 'time'].includes(name)))(
    'accept exactly what they document: %s',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(candidates, async (value) => {
          expect([value, await accepts(name, value)]).toEqual([value, documented(name, value)]);
        }),
        { numRuns: 400 },
      );
    },
  );

  it.each([
    [
      'id',
      'uuid',
      ['019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b', '019A1B2C-3D4E-7F50-8A6B-7C8D9E0F1A2B'],
      ['', 'x', '019a1b2c3d4e7f508a6b7c8d9e0f1a2b', 7],
    ],
    [
      'email',
      'email',
      ['ada@example.com', 'a+b@x.example.org'],
      ['', 'ada', 'ada@', '@example.com', 'a b@example.com', `${'a'.repeat(250)}@example.com`, 7],
    ],
  ] as const)('check the format they document: %s', async (name, format, good, bad) => {
    expect(schemas[name]?.properties?.field).toMatchObject({ type: 'string', format });
    for (const value of good) expect([value, await accepts(name, value)]).toEqual([value, true]);
    for (const value of bad) expect([value, await accepts(name, value)]).toEqual([value, false]);
  });

  it.each([
    '2026-11-23T09:30:00.000Z',
    '2026-11-23T09:30:00Z',
    '2026-11-23T09:30:00+05:30',
    '2024-02-29T23:59:59.123456-11:00',
    '0001-01-01T00:00:00Z',
  ])('accept a time as RFC 3339 writes it: %s', async (time) => {
    expect(schemas.time?.properties?.field).toMatchObject({ type: 'string', format: 'date-time' });
    expect(await accepts('time', time)).toBe(true);
  });

  it.each([
    '',
    'now',
    '2026',
    '2026-11',
    '2026-11-23',
    '2026-W05',
    '2026-327',
    '20261123T093000Z',
    '2026-11-23T09:30:00',
    '2026-11-23 09:30:00Z',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T09:30:60Z',
    '2026-11-23T09:30:00+23:59',
    '0000-01-01T00:00:00Z',
    '+12026-11-23T09:30:00Z',
    1_763_890_200_000,
  ])('refuse a time that PostgreSQL or a client may read otherwise: %p', async (time) => {
    expect(await accepts('time', time)).toBe(false);
  });

  it('count characters, not the halves of a surrogate pair', async () => {
    expect(await accepts('text', '😀😀😀😀😀')).toBe(true);
    expect(await accepts('text', '😀😀😀😀😀😀')).toBe(false);
    expect(await accepts('text', 'a\ufe0fb\ufe0fc\ufe0f')).toBe(false);
    expect(await accepts('filledText', '😀')).toBe(false);
  });

  it('refuse blank text where text is asked for', async () => {
    expect(await accepts('filledText', ' \n\t')).toBe(false);
  });

  it('hold ids in lists of ids', async () => {
    const id = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
    expect(schemas.ids?.properties?.field).toMatchObject({ type: 'array', maxItems: 2, items: { format: 'uuid' } });
    expect(await accepts('ids', [])).toBe(true);
    expect(await accepts('ids', [id, id])).toBe(true);
    expect(await accepts('ids', [id, id, id])).toBe(false);
    expect(await accepts('ids', [id, 'x'])).toBe(false);
    expect(await accepts('ids', id)).toBe(false);
  });

  it.each([
    ['absent', undefined, true, false],
    ['null', null, false, true],
  ] as const)('are %s only where that is documented', async (_, value, whenOptional, whenNullable) => {
    expect(await accepts('text', value)).toBe(false);
    expect(await accepts('optionalText', value)).toBe(whenOptional);
    expect(await accepts('nullableText', value)).toBe(whenNullable);
    expect(await accepts('freeText', value)).toBe(true);
  });

  it('pass JSON on as it was sent', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string().filter(isPlainName), fc.jsonValue(), { noNullPrototype: true }),
        async (sent) => {
          fc.pre(
            !JSON.stringify(sent).includes('\\u0000') && !/"(?:__proto__|constructor)"/.test(JSON.stringify(sent)),
          );
          expect(await received('object', { field: sent })).toEqual({ field: sent });
          expect(await received('value', { field: [sent] })).toEqual({ field: [sent] });
        },
      ),
    );
  });

  it('bound a JSON object by its bytes in UTF-8', async () => {
    const Bounded = classOf('Bounded', JsonObject({ description, maxBytes: 20 }));
    const transform = (field: object) => pipe.transform({ field }, { type: 'body', metatype: Bounded });
    await expect(transform({ a: 'é'.repeat(6) })).resolves.toBeDefined();
    await expect(transform({ a: 'é'.repeat(7) })).rejects.toMatchObject({
      extensions: { errors: [{ pointer: '/field', detail: 'must be at most 20 bytes of JSON' }] },
    });
  });
});

describe('the fields of a query', () => {
  const pipe = new RequestValidationPipe();
  const read = async (decorator: PropertyDecorator, field: unknown): Promise<unknown> => {
    const result = await pipe.transform({ field }, { type: 'query', metatype: classOf('Query', decorator) });
    return (result as { field: unknown }).field;
  };

  it.each([
    ['12', 12],
    ['-3', -3],
    ['007', 7],
  ])('read the number %p', async (text, number) => {
    expect(await read(QueryInt({ description, min: -5, max: 20 }), text)).toBe(number);
  });

  it.each(['', ' ', '1.5', '1e1', '0x10', 'NaN', '21', '-6', '99999999999999999999', ['1', '2'], { a: '1' }])(
    'refuse what is no such number: %p',
    async (text) => {
      await expect(read(QueryInt({ description, min: -5, max: 20 }), text)).rejects.toMatchObject({ status: 422 });
    },
  );

  it('read true and false, and nothing else as a flag', async () => {
    expect(await read(QueryFlag({ description }), 'true')).toBe(true);
    expect(await read(QueryFlag({ description }), 'false')).toBe(false);
    for (const text of ['', '1', 'TRUE', 'yes', ['true', 'true']]) {
      await expect(read(QueryFlag({ description }), text)).rejects.toMatchObject({ status: 422 });
    }
  });
});

const isPlainName = (name: string): boolean => name !== '__proto__' && name !== 'constructor' && !name.includes('\0');

const storableText = fc.string({ unit: 'grapheme', maxLength: 7 }).filter((text) => !text.includes('\0'));

/** Values about the bounds of the fields above, and any other JSON. */
const candidates: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    'true',
    '',
    ' ',
    'a',
    'b',
    'ab',
    'abcde',
    'abcdef',
    '1',
    0,
    [],
    {},
    [[]],
    [null],
  ),
  fc.integer({ min: -4, max: 5 }),
  fc.double({ min: -3, max: 4, noNaN: true }),
  storableText,
  fc.array(fc.constantFrom<unknown>('a', 'b', 'cd', 'efg', '', 1, null), { maxLength: 5 }),
  fc.record(
    {
      name: fc.constantFrom<unknown>('a', 'abc', 'abcd', ' ', 1, null),
      count: fc.constantFrom<unknown>(1, 1.5, 'x', null),
    },
    { requiredKeys: [] },
  ),
  fc.record({ name: fc.constantFrom<unknown>('a', '', 7), extra: fc.constant(1) }, { requiredKeys: [] }),
  fc.dictionary(storableText.filter(isPlainName), fc.oneof(storableText, fc.integer()), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
);

/** The keywords that the fields document, as JSON Schema defines them; unknown members of our DTOs are never allowed. */
function conforms(schema: Schema, value: unknown, schemas: Readonly<Record<string, Schema>>): boolean {
  if (value === null && schema.nullable) return true;
  const [inherited] = schema.allOf ?? [];
  const reference = schema.$ref ?? inherited?.$ref;
  if (reference !== undefined) return conforms(schemas[reference.split('/').at(-1) ?? ''] ?? {}, value, schemas);
  if (schema.enum && !schema.enum.includes(value)) return false;
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' && conformsText(schema, value);
    case 'number':
    case 'integer':
      if (typeof value !== 'number' || (schema.type === 'integer' && !Number.isInteger(value))) return false;
      return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
    case 'boolean':
      return typeof value === 'boolean';
    case 'array': {
      if (!Array.isArray(value) || value.length < (schema.minItems ?? 0)) return false;
      if (value.length > (schema.maxItems ?? Infinity)) return false;
      if (schema.uniqueItems && new Set(value).size < value.length) return false;
      return value.every((item) => conforms(schema.items ?? {}, item, schemas));
    }
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
      const { properties, required = [] } = schema;
      if (!properties) return true;
      if (required.some((name) => !Object.hasOwn(value, name))) return false;
      return Object.entries(value).every(([name, member]) => {
        const property = properties[name];
        return property !== undefined && conforms(property, member, schemas);
      });
    }
    default:
      return value !== null && value !== undefined;
  }
}

function conformsText({ minLength = 0, maxLength = Infinity, pattern }: Schema, text: string): boolean {
  const { length } = [...text];
  return length >= minLength && length <= maxLength && (pattern === undefined || new RegExp(pattern, 'u').test(text));
}
