import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { EgressClient, type EgressResponse } from '../../../security/egress/egress-client.js';
import { headerNameFault } from '../../../security/egress/header-policy.js';
import { MAX_URL_LENGTH } from '../../../security/egress/url-policy.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

const HeaderName = z.string().refine((name) => headerNameFault(name) === undefined, {
  error: ({ input }) => `The header ${headerNameFault(String(input)) ?? ''}.`,
});

const Config = z.strictObject({
  method: z
    .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    .default('GET')
    .describe('The method of the request.'),
  url: z.string().min(1).max(MAX_URL_LENGTH).describe('Where it goes: http or https, a public address.'),
  headers: z
    .record(HeaderName, z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('Headers by name. Authorization and Cookie are not sent on to another origin.'),
  body: z.unknown().optional().describe('Text is sent as it is, anything else as JSON.'),
  timeoutMs: z.number().int().min(1).max(300_000).default(30_000).describe('Longest wait for the whole answer.'),
  output: z.string().min(1).max(64).default('response').describe('The variable that receives the answer.'),
});
type Config = z.output<typeof Config>;

/** Longest body that is kept, in bytes. */
const MAX_BODY_BYTES = 262_144;
/** Deeper JSON stays text: nothing that handles values later has to expect it. */
const MAX_DEPTH = 64;

@Injectable()
@NodeType({
  type: 'http',
  title: 'HTTP request',
  description: 'Sends a request to a public address; the answer, whatever its status, is the output.',
  config: Config,
  ports: ['next'],
})
export class HttpNode implements NodeExecutor<Config> {
  constructor(private readonly egress: EgressClient) {}

  async execute({ config, signal, emit }: NodeContext<Config>): Promise<NodeResult> {
    const response = await this.egress.request({
      method: config.method,
      url: config.url,
      ...contentOf(config),
      timeoutMs: config.timeoutMs,
      maxResponseBytes: MAX_BODY_BYTES,
      beyondLimit: 'truncate',
      signal,
    });
    if (response.truncated)
      emit({ type: 'note', code: 'response-truncated', detail: `Only the first ${MAX_BODY_BYTES} bytes were kept.` });
    const output = outputOf(response);
    return { output, variables: { [config.output]: output } };
  }
}

function contentOf({ headers = {}, body }: Config): { headers: Record<string, string>; body?: string } {
  const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  if (body === undefined || body === null) return { headers: given };
  const named = Object.keys(given).some((name) => name.toLowerCase() === 'content-type');
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  return {
    headers: named ? given : { ...given, 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/** A body that is not whole is text, whatever it was meant to be. */
function outputOf({ status, headers, body, truncated }: EgressResponse): Readonly<Record<string, unknown>> {
  const type = headers['content-type'] ?? '';
  const text = textOf(body, type);
  if (truncated) return { status, headers, body: text, truncated };
  return { status, headers, body: /^application\/(?:[\w.+-]+\+)?json\b/i.test(type) ? jsonOf(text) : text };
}

function textOf(body: Buffer, type: string): string {
  const charset = /;\s*charset="?([\w:-]{1,40})/i.exec(type)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isDeep(value) ? text : value;
  } catch {
    return text;
  }
}

function isDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((member) => (typeof member === 'object' && member !== null ? Object.values(member) : []));
  }
  return false;
}
