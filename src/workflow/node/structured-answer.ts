import { validationFailed } from '../../platform/problem/http.errors.js';
import type { FieldFault } from '../../platform/problem/problem.js';
import { isTooDeep } from '../../platform/schema/json-depth.js';
import { schemaCheck, SchemaError, type JsonSchema, type SchemaCheck } from '../../platform/schema/json-schema.js';
import { structuredOutputInvalid } from '../workflow.errors.js';
import type { ModelAnswer } from './model-call.js';

/** Reads an answer as JSON. @throws Problem structured-output-invalid when it is none, or does not follow the schema */
export type AnswerReader = (answer: ModelAnswer) => unknown;

/** The reader of a schema's answers, made before the model is asked. @throws Problem when the schema is none */
export async function readerOf(schema: JsonSchema): Promise<AnswerReader> {
  const check = await checkOf(schema);
  return ({ text, finishReason }) => {
    const json = parsed(text);
    const errors = json ? check(json.value) : [{ pointer: '', detail: 'is no JSON, or nested too deep' }];
    if (json && errors.length === 0) return json.value;
    const cut = finishReason === 'length' ? ' It was cut at the most tokens an answer may have: raise maxTokens.' : '';
    throw structuredOutputInvalid(`The model's answer does not follow the schema: ${sentence(errors)}.${cut}`, {
      extensions: { errors },
    });
  };
}

async function checkOf(schema: JsonSchema): Promise<SchemaCheck> {
  try {
    return await schemaCheck(schema);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw validationFailed([{ pointer: '/schema', detail: `is no JSON Schema: ${error.message}` }]);
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isTooDeep(value) ? undefined : { value };
  } catch {
    return undefined;
  }
}

const sentence = (errors: readonly FieldFault[]): string =>
  errors
    .map(({ pointer, detail }) => `${pointer || 'the answer'} ${detail}`)
    .join('; ')
    .slice(0, 2_000);
