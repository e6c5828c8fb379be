const MAX_LENGTH = 300;
const KEY_SHAPES = /\b(?:sk|pk|key|gsk|xai|AIza)[-_A-Za-z0-9*.]{12,}/g;

/**
 * What a provider said about a failure, fit for a problem's detail: one line, at most 300 characters, without the
 * secrets we sent and without anything that looks like a key. Empty when it said nothing.
 */
export function providerMessage(body: string, secrets: readonly string[]): string {
  let text = messageIn(body);
  for (const secret of secrets) if (secret !== '') text = text.replaceAll(secret, '***');
  const line = text
    .replace(KEY_SHAPES, '***')
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1).trimEnd()}…` : line;
}

/** The message inside the usual envelopes (`error.message`, `error`, `message`, `detail`), else the text itself. */
function messageIn(body: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return body.trimStart().startsWith('<') ? '' : body;
  }
  const { error, message, detail } = fieldsOf(parsed);
  return [fieldsOf(error).message, error, message, detail].find((candidate) => typeof candidate === 'string') ?? '';
}

function fieldsOf(value: unknown): { readonly error?: unknown; readonly message?: string; readonly detail?: string } {
  return typeof value === 'object' && value !== null ? value : {};
}
