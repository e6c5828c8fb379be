import { Inject, Injectable } from '@nestjs/common';
import { ENVIRONMENT, type EnvironmentVariables } from '../../platform/config/configuration.js';
import { EgressClient, type EgressResponse } from '../../security/egress/egress-client.js';
import type { Headers } from '../../security/egress/header-policy.js';
import { readContent, sentContent } from '../../security/egress/http-content.js';
import { SecretStore } from '../../security/secret/secret-store.js';
import { argumentFaults } from '../tool-arguments.js';
import { toolFailed } from '../tool.errors.js';
import type { ToolContext } from '../tool.js';
import type { Declaration } from './declaration.js';
import { filled, textOf, UrlFault, urlOf } from './url-template.js';

type Members = Readonly<Record<string, unknown>>;

/** Longest answer that is kept, in bytes. */
const MAX_BODY_BYTES = 100_000;
const MAX_SHOWN = 500;

/** Sends what a declared tool is called for. */
@Injectable()
export class DeclaredCalls {
  constructor(
    private readonly egress: EgressClient,
    private readonly secrets: SecretStore,
    @Inject(ENVIRONMENT) private readonly environment: EnvironmentVariables,
  ) {}

  /** Why the tool cannot be called now. */
  lack({ secret }: Declaration): string | undefined {
    if (!secret || !('env' in secret) || this.environment[secret.env]) return undefined;
    return `The operator has not set ${secret.env}, which the tool needs.`;
  }

  /** @throws Problem of the egress guard, of the secret store, or tool-failed with what the other server said */
  async call(tool: Declaration, args: Members, context: ToolContext): Promise<unknown> {
    const url = addressOf(tool, args);
    const response = await this.egress.request({
      method: tool.method,
      url,
      ...sentContent(await this.headersOf(tool, url, context), bodyOf(tool, args)),
      timeoutMs: 300_000,
      maxResponseBytes: MAX_BODY_BYTES,
      beyondLimit: 'truncate',
      signal: context.signal,
    });
    return answerOf(tool, response);
  }

  private async headersOf(
    { headers, secret, method }: Declaration,
    url: string,
    context: ToolContext,
  ): Promise<Headers> {
    const own = method === 'GET' ? headers : { 'idempotency-key': context.idempotencyKey, ...headers };
    if (!secret) return own;
    const value =
      'env' in secret
        ? (this.environment[secret.env] ?? '')
        : await this.secrets.reveal({ workspaceId: context.workspaceId, secretId: secret.secretId, host: url });
    return { ...own, [secret.header]: `${secret.prefix}${value}` };
  }
}

function addressOf({ name, template }: Declaration, args: Members): string {
  try {
    return urlOf(template, new Map(Object.entries(args)));
  } catch (error) {
    if (!(error instanceof UrlFault)) throw error;
    throw argumentFaults(name, [{ pointer: '', detail: `the address ${error.message}` }]);
  }
}

/** Without a body of its own, a method that has one sends the arguments that the address does not name. */
function bodyOf({ method, body, template }: Declaration, args: Members): unknown {
  if (body !== undefined) return filled(body, new Map(Object.entries(args)));
  if (method === 'GET' || method === 'DELETE') return undefined;
  return Object.fromEntries(Object.entries(args).filter(([name]) => !template.references.has(name)));
}

function answerOf({ name }: Declaration, response: EgressResponse): unknown {
  const { status, truncated } = response;
  const body = readContent(response);
  if (status < 400) return { status, body, ...(truncated && { truncated }) };
  const said = textOf(body).slice(0, MAX_SHOWN).toWellFormed();
  throw toolFailed(`The tool "${name}" was answered with status ${status}: ${said}`);
}
