import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { EgressClient } from '../../security/egress/egress-client.js';
import { headerNameFault } from '../../security/egress/header-policy.js';
import { readContent, sentContent } from '../../security/egress/http-content.js';
import { MAX_URL_LENGTH } from '../../security/egress/url-policy.js';
import { Tool, type ToolContext, type ToolExecutor } from '../tool.js';

const HeaderName = z.string().refine((name) => headerNameFault(name) === undefined, {
  error: ({ input }) => `The header ${headerNameFault(String(input)) ?? ''}.`,
});

const Arguments = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET').describe('The method.'),
  url: z.string().min(1).max(MAX_URL_LENGTH).describe('Where it goes: http or https, a public address.'),
  headers: z.record(HeaderName, z.string().max(8_192)).default({}).describe('Headers by name.'),
  body: z.unknown().optional().describe('Text is sent as it is, anything else as JSON.'),
});
type Arguments = z.output<typeof Arguments>;

/** Longest body that is kept, in bytes: a result has 256 KB with everything around it, and text may grow as JSON. */
const MAX_BODY_BYTES = 100_000;

/** The effect is that of its most effectful method: a call that asks for a page only is treated like one that orders. */
@Injectable()
@Tool({
  name: 'httpRequest',
  title: 'HTTP request',
  description: 'Sends an HTTP request to a public address and answers with status, headers and body.',
  arguments: Arguments,
  risk: 'medium',
  effect: 'once',
})
export class HttpRequestTool implements ToolExecutor<Arguments> {
  constructor(private readonly egress: EgressClient) {}

  /** @throws Problem egress-refused, http-request-failed, http-request-timeout */
  async call({ method, url, headers, body }: Arguments, { signal }: ToolContext): Promise<unknown> {
    const response = await this.egress.request({
      method,
      url,
      ...sentContent(headers, body),
      timeoutMs: MAX_TIMEOUT_MS,
      maxResponseBytes: MAX_BODY_BYTES,
      beyondLimit: 'truncate',
      signal,
    });
    const { status, truncated } = response;
    return { status, headers: response.headers, body: readContent(response), ...(truncated && { truncated }) };
  }
}

/** The call's own time ends it before. */
const MAX_TIMEOUT_MS = 300_000;
