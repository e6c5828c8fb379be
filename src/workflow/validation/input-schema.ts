import type { Ajv } from 'ajv';
import { patternFault } from '../definition/input-schema.js';
import type { Members } from './definition-view.js';

/** Of JSON text. Compiling larger schemas takes longer than an answer may. */
export const MAX_CHARACTERS = 32_768;
const MAX_PROBLEM = 300;

const OPTIONS = { strict: false, logger: false, validateFormats: false, allErrors: false } as const;

/**
 * Why a JSON Schema cannot be used, as the end of a sentence; undefined when it can. Nothing is ever fetched: a `$ref`
 * that does not point into the schema is a fault. Each schema has an Ajv of its own, so that a `$id` reaches no other's.
 */
export async function schemaProblem(schema: Members): Promise<string | undefined> {
  if (JSON.stringify(schema).length > MAX_CHARACTERS) return `it is larger than ${MAX_CHARACTERS} characters of JSON`;
  const pattern = patternFault(schema);
  if (pattern !== undefined) return pattern;
  const { $schema } = schema;
  if ($schema !== undefined && typeof $schema !== 'string') return '"$schema" is no text';
  const dialect = await dialectOf($schema ?? '');
  try {
    const { meta } = dialect;
    if (!meta.validateSchema(schema)) return shortened(meta.errorsText(meta.errors, { dataVar: 'input' }));
    dialect.compiler().compile({ ...schema, $schema: undefined });
    return undefined;
  } catch (error) {
    return shortened(error instanceof Error ? error.message : String(error));
  }
}

interface Dialect {
  /** Knows the meta-schema; compiles nothing of anyone's. */
  readonly meta: Ajv;
  /** Without inlining, text that refers to itself often does not grow. */
  readonly compiler: () => Ajv;
}

const dialects = new Map<string, Promise<Dialect>>();

/** Of `$schema`; what it does not know is read as the newest. */
function dialectOf(uri: string): Promise<Dialect> {
  const name = /draft-0[67]/.test(uri) ? 'draft-07' : uri.includes('2019-09') ? '2019-09' : '2020-12';
  const dialect = dialects.get(name) ?? load(name);
  dialects.set(name, dialect);
  return dialect;
}

async function load(name: string): Promise<Dialect> {
  const Class = await classOf(name);
  const compiling = { ...OPTIONS, meta: false, validateSchema: false, inlineRefs: false };
  return { meta: new Class(OPTIONS), compiler: () => new Class(compiling) };
}

async function classOf(name: string): Promise<typeof Ajv> {
  if (name === 'draft-07') return (await import('ajv')).Ajv;
  const { Ajv2019 } = await import('ajv/dist/2019.js');
  return name === '2019-09' ? Ajv2019 : (await import('ajv/dist/2020.js')).Ajv2020;
}

const shortened = (text: string): string =>
  text.length > MAX_PROBLEM ? `${text.slice(0, MAX_PROBLEM).toWellFormed()}…` : text;
