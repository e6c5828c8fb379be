import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { EgressClient, type EgressResponse } from '../../../security/egress/egress-client.js';
import { readContent, sentContent } from '../../../security/egress/http-content.js';
import { headerNameFault } from '../../../security/egress/header-policy.js';
import { MAX_URL_LENGTH } from '../../../security/egress/url-policy.js';
import { contentHash } from '../../../platform/schema/canonical-json.js';
import { requestInDoubt } from '../../workflow.errors.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';
import { VariableName } from '../variable-name.js';

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
  output: VariableName.default('response').describe('The variable that receives the answer.'),
});
type Config = z.output<typeof Config>;

/** What a server may do a second time when it is asked a second time (RFC 9110, 9.2.2). */
const ONCE: ReadonlySet<string> = new Set(['POST', 'PATCH']);
const DOUBT_EXPIRES_MS = 86_400_000;

/** Longest body that is kept, in bytes. */
const MAX_BODY_BYTES = 262_144;

@Injectable()
@NodeType({
  type: 'http',
  title: 'HTTP request',
  description:
    'Sends a request to a public address; the answer, whatever its status, is the output. POST and PATCH carry an Idempotency-Key, and one that a crash cut is sent again only when a person says so.',
  config: Config,
  example: { method: 'POST', url: 'https://api.example.com/orders', body: { text: '{{input.message}}' } },
  ports: ['next'],
})
export class HttpNode implements NodeExecutor<Config> {
  constructor(private readonly egress: EgressClient) {}

  async execute(context: NodeContext<Config>): Promise<NodeResult> {
    const { config, signal, emit } = context;
    signal.throwIfAborted();
    const isOnce = ONCE.has(config.method);
    if (isOnce) await announced(context);
    const response = await this.egress.request({
      method: config.method,
      url: config.url,
      ...contentOf(config, isOnce ? { 'idempotency-key': keyOf(context) } : {}),
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

/**
 * Tells in the log that the request goes out, before it does. One that an earlier attempt has sent, and whose answer
 * nobody knows, waits for a person. @throws Problem request-in-doubt when it is not to be sent again
 */
async function announced({ config, waits, emit, settled, hasTold }: NodeContext<Config>): Promise<void> {
  const noteOf = (times: number) => ({
    code: 'request-sent',
    detail: times === 1 ? `The ${config.method} goes out.` : `The ${config.method} goes out again, time ${times}.`,
  });
  let times = 1;
  while (hasTold(noteOf(times))) times += 1;
  if (times > 1) {
    const { approved } = await waits.approval(`send-${times}`, {
      kind: 'node',
      title: `Send the ${config.method} again?`,
      detail: 'It was cut before its answer came: it may have taken effect. Approve to repeat it, deny to leave it so.',
      expiresInMs: DOUBT_EXPIRES_MS,
      onExpire: 'deny',
    });
    if (!approved)
      throw requestInDoubt(
        `The ${config.method} was cut before its answer came: it may have taken effect. Look there before you send it again.`,
      );
  }
  emit({ type: 'note', ...noteOf(times) });
  await settled();
}

/** The same for every attempt at the same request of a run, and for no other. */
const keyOf = ({ run, path }: NodeContext<Config>): string => contentHash([run.workspaceId, run.id, path]);

/** The definition's own headers go before `more`. */
function contentOf(
  { headers = {}, body }: Config,
  more: Readonly<Record<string, string>>,
): ReturnType<typeof sentContent> {
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return sentContent({ ...more, ...Object.fromEntries(given) }, body);
}

function outputOf(response: EgressResponse): Readonly<Record<string, unknown>> {
  const { status, headers, truncated } = response;
  return { status, headers, body: readContent(response), ...(truncated && { truncated }) };
}
