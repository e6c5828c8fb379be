import { z } from 'zod';
import { pointerTo } from '../../platform/problem/pointer.js';
import { isTooDeep } from '../../platform/schema/json-depth.js';
import { schemaCheck, SchemaError, type JsonSchema, type SchemaCheck } from '../../platform/schema/json-schema.js';
import { headerFault } from '../../security/egress/header-policy.js';
import { MAX_URL_LENGTH, targetOf } from '../../security/egress/url-policy.js';
import { TOOL_NAME } from '../tool-name.js';
import { namesIn, UrlFault, urlTemplate, type UrlTemplate } from './url-template.js';

const SECRET = { header: z.string().min(1).max(256), prefix: z.string().max(64).default('') };

const Secret = z.union([
  z.strictObject({
    ...SECRET,
    env: z.string().regex(/^TOOL_SECRET_[A-Z0-9_]{1,100}$/, 'must be a variable whose name begins with TOOL_SECRET_'),
  }),
  z.strictObject({ ...SECRET, secretId: z.uuid() }),
]);

const Declaration = z.strictObject({
  name: z
    .string()
    .regex(TOOL_NAME, 'must be a letter, then up to 63 letters, digits, "_" and "-"')
    .refine((name) => !name.startsWith('workflow__'), 'must not begin with workflow__'),
  title: z.string().min(1).max(200).optional(),
  description: z.string().min(1).max(2_000),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  url: z.string().max(MAX_URL_LENGTH),
  parameters: z.record(z.string(), z.unknown()).default({ properties: {} }),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown().optional(),
  secret: Secret.optional(),
  risk: z.enum(['low', 'medium', 'high']).optional(),
  effect: z.enum(['read', 'idempotent', 'once']).optional(),
  timeoutMs: z.number().int().min(100).max(300_000).optional(),
});

/** A tool as a file declares it, complete and checked. */
export interface Declaration extends z.output<typeof Declaration> {
  readonly template: UrlTemplate;
  readonly check: SchemaCheck;
}

/** Why a file declares no tool; a sentence for the log. */
export class DeclarationFault extends Error {}

/** @throws DeclarationFault with every fault of the first kind that is found */
export async function declarationOf(text: string): Promise<Declaration> {
  const parsed = Declaration.safeParse(jsonOf(text));
  if (!parsed.success)
    throw new DeclarationFault(
      parsed.error.issues.map(({ path, message }) => `${pointerTo(path)} ${message}`).join('; '),
    );
  const declared = parsed.data;
  const template = templateOf(declared.url);
  const parameters: JsonSchema = { additionalProperties: false, ...declared.parameters, type: 'object' };
  refuseStrangers(declared, template, parameters);
  refuseHeaders(declared);
  return { ...declared, parameters, template, check: await checkOf(parameters) };
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (isTooDeep(value)) throw new DeclarationFault('it is nested too deep');
    return value;
  } catch (error) {
    if (error instanceof DeclarationFault) throw error;
    throw new DeclarationFault('it is no JSON', { cause: error });
  }
}

function templateOf(url: string): UrlTemplate {
  try {
    const template = urlTemplate(url);
    const target = targetOf(template.origin);
    if ('fault' in target) throw new UrlFault(target.fault);
    return template;
  } catch (error) {
    if (error instanceof UrlFault) throw new DeclarationFault(`/url ${error.message}`, { cause: error });
    throw error;
  }
}

/** References are to parameters, those of the path to parameters that are always there. */
function refuseStrangers({ body }: z.output<typeof Declaration>, template: UrlTemplate, parameters: JsonSchema): void {
  const properties = new Set(Object.keys((parameters.properties ?? {}) as object));
  const required = new Set(Array.isArray(parameters.required) ? (parameters.required as unknown[]) : []);
  const named = [...template.references, ...namesIn(JSON.stringify(body ?? null))];
  const unknown = named.find((name) => !properties.has(name));
  if (unknown !== undefined) throw new DeclarationFault(`it refers to {{${unknown}}}, which is no parameter`);
  const optional = [...template.required].find((name) => !required.has(name));
  if (optional !== undefined) throw new DeclarationFault(`{{${optional}}} stands in the path and must be required`);
}

function refuseHeaders({ headers, secret }: z.output<typeof Declaration>): void {
  const given = [...Object.entries(headers), ...(secret ? [[secret.header, secret.prefix] as const] : [])];
  for (const [name, value] of given) {
    const fault = headerFault(name, value);
    if (fault !== undefined) throw new DeclarationFault(`the header ${JSON.stringify(name)} ${fault}`);
  }
}

async function checkOf(parameters: JsonSchema): Promise<SchemaCheck> {
  try {
    return await schemaCheck(parameters);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw new DeclarationFault(`/parameters is no JSON Schema: ${error.message}`, { cause: error });
  }
}
