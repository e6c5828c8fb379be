import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDefined,
  IsEmail,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsString,
  IsUUID,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  type ValidationOptions,
} from 'class-validator';

/** One decorator per kind of field: what it documents is what it validates. Used on request and response DTOs alike. */

interface FieldOptions {
  readonly description: string;
  readonly example?: unknown;
  readonly optional?: boolean;
  /** `null` is a value; in a request it also passes as one. */
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly deprecated?: boolean;
}

type Decorators = readonly PropertyDecorator[];

function field(options: FieldOptions, schema: ApiPropertyOptions, validators: Decorators): PropertyDecorator {
  const { description, example, optional, nullable, deprecated } = options;
  const documented = {
    ...schema,
    description,
    example,
    deprecated,
    nullable,
    default: options.default,
  } as ApiPropertyOptions;
  return applyDecorators(
    (optional ? ApiPropertyOptional : ApiProperty)(withoutUndefined(documented)),
    ...absenceOf(optional ?? false, nullable ?? false),
    ...validators,
  );
}

/** Absent is fine for an optional field; null only where it is a documented value. */
function absenceOf(optional: boolean, nullable: boolean): Decorators {
  if (!optional && !nullable) return [];
  return [ValidateIf((_, value: unknown) => !(optional && value === undefined) && !(nullable && value === null))];
}

const withoutUndefined = (options: ApiPropertyOptions): ApiPropertyOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ApiPropertyOptions;

export interface TextOptions extends FieldOptions {
  readonly min?: number;
  readonly max: number;
  readonly pattern?: RegExp;
  readonly patternHint?: string;
}

/** A string; lengths in characters (code points), as JSON Schema counts them. `min` 1 also refuses blank text. */
export function Text(options: TextOptions): PropertyDecorator {
  const { min = 0, max, pattern, patternHint } = options;
  const documented = pattern ?? (min > 0 ? FILLED : undefined);
  return field(options, { type: String, minLength: min, maxLength: max, pattern: documented?.source }, [
    IsString({ message: 'must be a string' }),
    Characters(min, max, { message: `must be ${min} to ${max} characters long` }),
    ...(min > 0 ? [Matches(FILLED, { message: 'must not be blank' })] : []),
    ...(pattern ? [Matches(pattern, { message: patternHint ?? `must match ${pattern.source}` })] : []),
  ]);
}

const FILLED = /\S/;

/** `Length` of class-validator does not count variation selectors; JSON Schema and clients do. */
const Characters = (min: number, max: number, options: ValidationOptions): PropertyDecorator =>
  ValidateBy({ name: 'characters', validator: { validate: (value) => hasLength(value, min, max) } }, options);

function hasLength(value: unknown, min: number, max: number): boolean {
  if (typeof value !== 'string' || value.length > 2 * max) return false;
  const { length } = [...value];
  return length >= min && length <= max;
}

export function Email(options: FieldOptions): PropertyDecorator {
  return field(options, { type: String, format: 'email', maxLength: 254 }, [
    IsEmail({}, { message: 'must be an e-mail address' }),
    Characters(3, 254, { message: 'must be at most 254 characters long' }),
  ]);
}

export function Id(options: FieldOptions): PropertyDecorator {
  return field({ example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b', ...options }, { type: String, format: 'uuid' }, [
    IsUUID('all', { message: 'must be an id' }),
  ]);
}

/** A time with its offset, as RFC 3339 writes it and PostgreSQL reads it. */
export function Time(options: FieldOptions): PropertyDecorator {
  return field({ example: '2026-11-23T09:30:00.000Z', ...options }, { type: String, format: 'date-time' }, [
    ValidateBy(
      { name: 'time', validator: { validate: isTime } },
      { message: 'must be a time such as 2026-11-23T09:30:00Z' },
    ),
  ]);
}

/** Years from 1, no leap seconds, offsets that exist. */
const RFC_3339 =
  /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

function isTime(value: unknown): boolean {
  if (typeof value !== 'string' || !RFC_3339.test(value)) return false;
  const day = value.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

export interface NumberOptions extends FieldOptions {
  readonly min?: number;
  readonly max?: number;
}

export function Num(options: NumberOptions): PropertyDecorator {
  const { min, max } = options;
  return field(options, { type: Number, minimum: min, maximum: max }, [
    IsNumber({}, { message: 'must be a number' }),
    ...bounds(min, max),
  ]);
}

export function Int(options: NumberOptions): PropertyDecorator {
  const { min, max } = options;
  return field(options, { type: 'integer', minimum: min, maximum: max }, [
    IsInt({ message: 'must be a whole number' }),
    ...bounds(min, max),
  ]);
}

function bounds(min?: number, max?: number): PropertyDecorator[] {
  return [
    ...(min === undefined ? [] : [Min(min, { message: `must be at least ${min}` })]),
    ...(max === undefined ? [] : [Max(max, { message: `must be at most ${max}` })]),
  ];
}

export function Flag(options: FieldOptions): PropertyDecorator {
  return field(options, { type: Boolean }, [IsBoolean({ message: 'must be true or false' })]);
}

export function Choice(values: readonly string[], options: FieldOptions): PropertyDecorator {
  return field(options, { type: String, enum: [...values] }, [
    IsIn([...values], { message: `must be one of ${values.join(', ')}` }),
  ]);
}

export interface TextListOptions extends FieldOptions {
  readonly maxItems: number;
  readonly maxLength: number;
  readonly minItems?: number;
}

/** A list of distinct, non-empty strings. */
export function TextList(options: TextListOptions): PropertyDecorator {
  const { maxItems, maxLength, minItems = 0 } = options;
  const items = { type: 'string', minLength: 1, maxLength };
  return field(options, { type: 'array', items, minItems, maxItems, uniqueItems: true } as ApiPropertyOptions, [
    IsArray({ message: 'must be a list' }),
    ArrayMinSize(minItems, { message: `must have at least ${minItems} entries` }),
    ArrayMaxSize(maxItems, { message: `must have at most ${maxItems} entries` }),
    ArrayUnique({ message: 'must not repeat an entry' }),
    IsString({ each: true, message: 'must hold strings' }),
    Characters(1, maxLength, { each: true, message: `must hold strings of 1 to ${maxLength} characters` }),
  ]);
}

export function IdList(options: FieldOptions & { readonly maxItems: number }): PropertyDecorator {
  const { maxItems } = options;
  return field(options, { type: 'array', items: { type: 'string', format: 'uuid' }, maxItems } as ApiPropertyOptions, [
    IsArray({ message: 'must be a list' }),
    ArrayMaxSize(maxItems, { message: `must have at most ${maxItems} entries` }),
    IsUUID('all', { each: true, message: 'must hold ids' }),
  ]);
}

/** A free JSON object; `maxBytes` bounds it as JSON text in UTF-8. */
export function JsonObject(options: FieldOptions & { readonly maxBytes?: number }): PropertyDecorator {
  const { maxBytes } = options;
  return field(options, { type: 'object', additionalProperties: true }, [
    AsSent(),
    IsObject({ message: 'must be an object' }),
    ...(maxBytes === undefined ? [] : [MaxJsonBytes(maxBytes)]),
  ]);
}

/** Any JSON value. */
export function JsonValue(options: FieldOptions): PropertyDecorator {
  return field(options, { anyOf: [{}] } as ApiPropertyOptions, [AsSent(), IsDefined({ message: 'must be given' })]);
}

/** The value itself: the transformer's copy of it lacks members named like an object's own methods, such as `toString`. */
const AsSent = (): PropertyDecorator =>
  Transform(({ obj, key }: { obj: Readonly<Record<string, unknown>>; key: string }) => obj[key]);

const MaxJsonBytes = (max: number): PropertyDecorator =>
  ValidateBy(
    {
      name: 'maxJsonBytes',
      validator: { validate: (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '') <= max },
    },
    { message: `must be at most ${max} bytes of JSON` },
  );

/** A nested DTO. Swagger knows a late type by its function's name, `type`: hence the function around it. */
export function Nested(type: () => new () => object, options: FieldOptions): PropertyDecorator {
  return field(options, { type: () => type() }, [
    IsObject({ message: 'must be an object' }),
    ValidateNested(),
    Type(type),
  ]);
}

/** A whole number of a query string. */
export function QueryInt(options: NumberOptions): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value,
    ),
    Int(options),
  );
}

/** `true` or `false` of a query string. */
export function QueryFlag(options: FieldOptions): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value)),
    Flag(options),
  );
}
