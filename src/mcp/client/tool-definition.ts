import { isTooDeep } from '../../platform/schema/json-depth.js';
import { contentHash } from '../../platform/schema/canonical-json.js';
import { schemaCheck, SchemaError, type JsonSchema } from '../../platform/schema/json-schema.js';
import { cleanLabel, cleanLine, hasHidden } from './clean-text.js';

/** A tool as its server describes it and as people and models see it: cleaned, and within bounds. */
export interface ToolDefinition {
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
  readonly hints: ToolHints;
}

/** What the server says about the tool's effect; nothing makes it say the truth. */
export interface ToolHints {
  readonly readOnly: boolean;
  readonly destructive: boolean;
  readonly idempotent: boolean;
}

export interface ListedTool {
  /** The server's own name for it. */
  readonly name: string;
  readonly definition: ToolDefinition;
  /** Of the definition: a tool with another hash is another tool. */
  readonly hash: string;
  /** Why it cannot be offered whatever anybody says, as a sentence. */
  readonly fault?: string;
}

/** An item of a server's `tools/list`. */
export interface ToolItem {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
  readonly annotations?: {
    readonly title?: string;
    readonly readOnlyHint?: boolean;
    readonly destructiveHint?: boolean;
    readonly idempotentHint?: boolean;
  };
}

const MAX_TITLE = 100;
const MAX_DESCRIPTION = 2_000;
const MAX_SCHEMA_BYTES = 32_768;
const ANY_OBJECT: JsonSchema = { type: 'object' };

/** Names that can be read, typed and told apart. */
export const TOOL_ITEM_NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/;

/** The tool an item describes; undefined when its name is none. */
export async function listedTool(item: ToolItem): Promise<ListedTool | undefined> {
  if (!TOOL_ITEM_NAME.test(item.name)) return undefined;
  const fault = await faultOf(item);
  const definition: ToolDefinition = {
    title: cleanLine(item.title ?? item.annotations?.title ?? '', MAX_TITLE) || item.name.slice(0, MAX_TITLE),
    description: cleanLabel(item.description ?? '', MAX_DESCRIPTION),
    inputSchema: fault === undefined ? cleanSchema(item.inputSchema) : ANY_OBJECT,
    ...(fault === undefined && item.outputSchema && { outputSchema: cleanSchema(item.outputSchema) }),
    hints: {
      readOnly: item.annotations?.readOnlyHint === true,
      destructive: item.annotations?.destructiveHint === true,
      idempotent: item.annotations?.idempotentHint === true,
    },
  };
  const hash = contentHash({ name: item.name, ...definition });
  return { name: item.name, definition, hash, ...(fault !== undefined && { fault }) };
}

async function faultOf({ inputSchema, outputSchema }: ToolItem): Promise<string | undefined> {
  const input = await schemaFault(inputSchema);
  if (input !== undefined) return `The schema of its arguments ${input}.`;
  if (inputSchema.type !== 'object') return 'Its arguments are not an object.';
  const output = outputSchema && (await schemaFault(outputSchema));
  return output && `The schema of its results ${output}.`;
}

/** What is wrong with a schema, as the end of a sentence. */
async function schemaFault(schema: JsonSchema): Promise<string | undefined> {
  if (isTooDeep(schema)) return 'is nested too deep';
  if (Buffer.byteLength(JSON.stringify(schema)) > MAX_SCHEMA_BYTES) return `is larger than ${MAX_SCHEMA_BYTES} bytes`;
  if (hidesSomething(schema)) return 'holds names or values with characters that cannot be seen';
  try {
    await schemaCheck(schema);
  } catch (error) {
    if (error instanceof SchemaError) return `is none: ${cleanLine(error.message, 200)}`;
    throw error;
  }
  return undefined;
}

/** Texts that explain; all others mean something to the server and must be seen as they are. */
const PROSE: ReadonlySet<string> = new Set(['description', 'title', '$comment']);

function hidesSomething(value: unknown): boolean {
  if (typeof value === 'string') return hasHidden(value);
  if (Array.isArray(value)) return value.some(hidesSomething);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([name, member]) => hidesSomething(name) || (!isProse(name, member) && hidesSomething(member)),
  );
}

const isProse = (name: string, member: unknown): boolean => PROSE.has(name) && typeof member === 'string';

function cleanSchema(schema: JsonSchema): JsonSchema {
  const { $schema: _dialect, ...own } = schema;
  return cleanProse(own) as JsonSchema;
}

function cleanProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleanProse);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isProse(name, member) ? cleanLabel(String(member), MAX_DESCRIPTION) : cleanProse(member),
    ]),
  );
}
