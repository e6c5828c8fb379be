import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FieldFault } from '../../platform/problem/problem.js';
import { canonicalJson } from '../../platform/schema/canonical-json.js';
import type { ParameterRules, ParameterSchema } from './parameter-rules.js';

const MAX_KNOWN = 500;

/** Oldest use first. */
const known = new Map<string, ParameterRules>();

/** The rules of a schema that `parameterSchemaFaults` finds nothing wrong with; kept, as it takes time to compile. */
export function jsonSchemaRules(schema: ParameterSchema): ParameterRules {
  const key = canonicalJson(schema);
  const rules = known.get(key) ?? compiled(schema);
  known.delete(key);
  known.set(key, rules);
  const [oldest] = known.keys();
  if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  return rules;
}

function compiled(schema: ParameterSchema): ParameterRules {
  const { required: _, ...others } = schema;
  const whole = validatorOf({ ...schema, additionalProperties: false });
  const partial = validatorOf({ ...others, additionalProperties: false });
  return {
    schema,
    faults: (parameters, options) => faultsOf(options?.partial ? partial : whole, parameters),
  };
}

/** An instance of its own each: Ajv keeps every schema it has compiled. Formats are a hint for forms. */
const validatorOf = (schema: object): ValidateFunction =>
  new Ajv2020({ allErrors: true, strict: false, validateFormats: false, logger: false }).compile(schema);

function faultsOf(validate: ValidateFunction, value: unknown): readonly FieldFault[] {
  return validate(value) ? [] : (validate.errors ?? []).map(faultOf);
}

/** A missing or unknown member is pointed at itself, not at the object it is missing from. */
export function faultOf({ keyword, instancePath, params, message }: ErrorObject): FieldFault {
  const { additionalProperty, missingProperty } = params as Readonly<Record<string, string | undefined>>;
  const at = (name = ''): string => `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  if (keyword === 'additionalProperties') return { pointer: at(additionalProperty), detail: 'is not a known field' };
  if (keyword === 'required') return { pointer: at(missingProperty), detail: 'is required' };
  return { pointer: instancePath, detail: message ?? 'is not acceptable' };
}
