import { z } from 'zod';
import { isId } from '../../platform/clock/id.js';
import { Definition } from '../definition/definition.js';
import type { Members, ParameterSchema } from './parameter-rules.js';
import { parameterSchemaFaults } from './parameter-schema.js';

/** Letters in one case: two templates that differ by that alone would be mistaken for each other. */
export const TEMPLATE_NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** Most custom templates one after the other by `extends`. */
export const MAX_CHAIN = 5;

export const MAX_PARAMETER_BYTES = 64 * 1024;
export const MAX_DEFINITION_BYTES = 256 * 1024;

const templateName = z
  .string()
  .regex(TEMPLATE_NAME, 'must begin with a small letter, then have at most 63 small letters, digits, _ and -')
  .refine((name) => !isId(name), 'must not look like an id');

const json = <Value>(schema: z.ZodType<Value>, maxBytes: number) =>
  schema.refine(
    (value) => Buffer.byteLength(JSON.stringify(value)) <= maxBytes,
    `must be at most ${maxBytes} bytes of JSON`,
  );

const ParameterSchema: z.ZodType<ParameterSchema> = z.custom<ParameterSchema>().superRefine((schema, context) => {
  for (const { pointer, detail } of parameterSchemaFaults(schema, ''))
    context.addIssue({ code: 'custom', message: detail, path: pointer.split('/').slice(1).map(unescaped) });
});

const unescaped = (name: string): string => name.replaceAll('~1', '/').replaceAll('~0', '~');

const content = {
  title: z.string().min(1).max(200).optional(),
  description: z.string().max(2000).optional(),
  /** A built-in or custom template, by name; goes with its newest version. */
  extends: z.string().min(1).max(64).optional(),
  /** Defaults, over those it inherits or its schema has. */
  parameters: json(z.record(z.string(), z.unknown()), MAX_PARAMETER_BYTES).optional(),
  /** Parameters that neither callers nor templates that extend this one change. */
  locked: z.array(z.string().min(1).max(64)).max(100).optional(),
  definition: json(Definition, MAX_DEFINITION_BYTES).optional(),
  /** Of the parameters of its own definition. */
  parameterSchema: json(ParameterSchema, MAX_PARAMETER_BYTES).optional(),
};

const hasOneRoot = (given: { readonly extends?: unknown; readonly definition?: unknown }): boolean =>
  (given.extends === undefined) !== (given.definition === undefined);
const ONE_ROOT = { error: 'must either extend a template or have a definition of its own' };

const describesOwn = (given: { readonly parameterSchema?: unknown; readonly definition?: unknown }): boolean =>
  given.parameterSchema === undefined || given.definition !== undefined;
const DESCRIBES_OWN = {
  error: 'belongs to a definition; parameters are inherited with "extends"',
  path: ['parameterSchema'],
};

/** What a version of a custom template says. */
export const TemplateContent = z.strictObject(content).refine(hasOneRoot, ONE_ROOT).refine(describesOwn, DESCRIBES_OWN);

export const NamedTemplate = z
  .strictObject({ name: templateName, ...content })
  .refine(hasOneRoot, ONE_ROOT)
  .refine(describesOwn, DESCRIBES_OWN);

export const FILE_FORMAT = 'chatter-template';
export const FILE_VERSION = 1;

/** What is exported: a template after the custom ones it extends, oldest ancestor first. */
export const TemplateFile = z.strictObject({
  format: z.literal(FILE_FORMAT),
  version: z.literal(FILE_VERSION),
  templates: z.array(NamedTemplate).min(1).max(MAX_CHAIN),
});

export interface TemplateContent {
  readonly title?: string;
  readonly description?: string;
  readonly extends?: string;
  readonly parameters?: Members;
  readonly locked?: readonly string[];
  readonly definition?: Definition;
  readonly parameterSchema?: ParameterSchema;
}

export interface NamedTemplate extends TemplateContent {
  readonly name: string;
}

export interface TemplateFile {
  readonly format: typeof FILE_FORMAT;
  readonly version: typeof FILE_VERSION;
  readonly templates: readonly NamedTemplate[];
}
