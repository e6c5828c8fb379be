import { approximateTokens, tokenPieces } from '../../llm/approximate-tokens.js';
import type { ChatDelta, ChatMessage, ToolSpecification } from '../../llm/chat-model.js';
import { wordingOf } from '../../llm/token-estimate.js';
import type { JsonSchema } from '../../platform/schema/json-schema.js';

/** Bytes of UTF-8 of a token of a script other than Latin, about. */
const BYTES_PER_TOKEN = 4;

/** What a model reads, before its provider has counted it. */
export function inputTokensOf({
  messages,
  tools = [],
  schema,
}: {
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly ToolSpecification[];
  readonly schema?: JsonSchema;
}): number {
  const said = messages.reduce((sum, message) => sum + tokensOf(wordingOf(message)), 0);
  const told = tools.length === 0 ? 0 : tokensOf(JSON.stringify(tools));
  return said + told + (schema ? tokensOf(JSON.stringify(schema)) : 0);
}

/** What a model has written, before its provider has counted it. */
export const outputTokensOf = (deltas: readonly ChatDelta[]): number =>
  deltas.reduce((sum, delta) => sum + tokensOf(textOf(delta)), 0);

/** The deltas up to so many tokens: text is cut, anything else that does not fit is left out with all that follows. */
export function cutTo(deltas: readonly ChatDelta[], tokens: number): readonly ChatDelta[] {
  const fitting: ChatDelta[] = [];
  let left = tokens;
  for (const delta of deltas) {
    const count = tokensOf(textOf(delta));
    if (count > left) {
      const text = delta.type === 'text' || delta.type === 'thinking' ? beginning(delta.text, left) : '';
      if (text !== '') fitting.push({ type: delta.type as 'text', text });
      return fitting;
    }
    left -= count;
    fitting.push(delta);
  }
  return fitting;
}

/** As many whole pieces of a text as there are tokens for. */
function beginning(text: string, tokens: number): string {
  const most = isLatin(text) ? Infinity : tokens * BYTES_PER_TOKEN;
  const pieces: string[] = [];
  let bytes = 0;
  for (const piece of tokenPieces(text)) {
    bytes += Buffer.byteLength(piece);
    if (pieces.length >= tokens || bytes > most) break;
    pieces.push(piece);
  }
  return pieces.join('');
}

/** More where letters are not Latin: there a token is rather a letter than a word. */
function tokensOf(text: string): number {
  const tokens = approximateTokens(text);
  return isLatin(text) ? tokens : Math.max(tokens, Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN));
}

/** Up to U+024F. */
const isLatin = (text: string): boolean => !/[\u0250-\u{10ffff}]/u.test(text);

function textOf(delta: ChatDelta): string {
  if (delta.type === 'text' || delta.type === 'thinking') return delta.text;
  return delta.type === 'toolCall' ? `${delta.name ?? ''}${delta.arguments}` : '';
}
