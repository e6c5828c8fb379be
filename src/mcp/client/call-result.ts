import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/client';
import { isTooDeep } from '../../platform/schema/json-depth.js';
import { schemaCheck, type JsonSchema } from '../../platform/schema/json-schema.js';
import { cleanJson, cleanLine, cleanText } from './clean-text.js';
import { mcpResultInvalid, mcpToolFailed } from './mcp.errors.js';

/** What a tool without a schema of results answers with, as JSON. Members without content are left out. */
export interface PlainResult {
  /** Its texts, in order, parted by an empty line. */
  readonly text?: string;
  readonly structured?: unknown;
  readonly attachments?: readonly Attachment[];
}

export interface Attachment {
  readonly type: 'image' | 'audio' | 'link' | 'resource' | 'other';
  readonly uri?: string;
  readonly name?: string;
  readonly mimeType?: string;
  readonly text?: string;
  /** Base64; absent when there is too much of it, of which `bytes` tells. */
  readonly data?: string;
  readonly bytes?: number;
}

const MAX_ATTACHMENTS = 50;
const MAX_ERROR = 2_000;
/** In base64, of one attachment: whole results are capped at 256 KB. */
const MAX_DATA = 131_072;

/**
 * What a server answered, as data: with a schema of results its structured content, else a {@link PlainResult}.
 * @throws Problem `mcp-tool-failed` when the tool says that it failed, `mcp-result-invalid`
 */
export async function resultOf(tool: string, result: CallToolResult, schema?: JsonSchema): Promise<unknown> {
  const { content, structuredContent, isError } = result;
  if (isTooDeep(result)) throw mcpResultInvalid(`The tool "${tool}" answered with values that are nested too deep.`);
  if (isError) throw mcpToolFailed(`The tool "${tool}" failed. Its server says: ${errorText(content)}`);
  if (schema) return structured(tool, structuredContent, schema);
  const text = textOf(content);
  const attachments = content.filter(({ type }) => type !== 'text').slice(0, MAX_ATTACHMENTS);
  return {
    ...(text !== '' && { text }),
    ...(structuredContent !== undefined && { structured: cleanJson(structuredContent) }),
    ...(attachments.length > 0 && { attachments: attachments.map(attachmentOf) }),
  } satisfies PlainResult;
}

async function structured(tool: string, content: unknown, schema: JsonSchema): Promise<unknown> {
  if (content === undefined) throw mcpResultInvalid(`The tool "${tool}" answered without the structure it promises.`);
  const [fault] = (await schemaCheck(schema))(content);
  if (!fault) return cleanJson(content);
  const where = cleanLine(fault.pointer, 200) || 'the result';
  throw mcpResultInvalid(
    `The tool "${tool}" does not answer as it promises: ${where} ${cleanLine(fault.detail, 300)}.`,
  );
}

const errorText = (content: readonly ContentBlock[]): string =>
  cleanLine(textOf(content), MAX_ERROR) || 'nothing about why.';

const textOf = (content: readonly ContentBlock[]): string =>
  cleanText(content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n\n'));

function attachmentOf(block: ContentBlock): Attachment {
  switch (block.type) {
    case 'image':
    case 'audio':
      return { type: block.type, mimeType: cleanLine(block.mimeType, 100), ...dataOf(block.data) };
    case 'resource_link':
      return { type: 'link', ...placeOf(block), name: cleanLine(block.title ?? block.name, 200) };
    case 'resource': {
      const { resource } = block;
      return {
        type: 'resource',
        ...placeOf(resource),
        ...('text' in resource ? { text: cleanText(resource.text) } : dataOf(resource.blob)),
      };
    }
    default:
      return { type: 'other' };
  }
}

const placeOf = ({ uri, mimeType }: { readonly uri: string; readonly mimeType?: string }) => ({
  uri: cleanLine(uri, 2_000),
  ...(mimeType !== undefined && { mimeType: cleanLine(mimeType, 100) }),
});

const dataOf = (data: string): Pick<Attachment, 'data' | 'bytes'> =>
  data.length <= MAX_DATA ? { data } : { bytes: Math.floor((data.length * 3) / 4) };
