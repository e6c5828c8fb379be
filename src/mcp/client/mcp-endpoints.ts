import { Injectable } from '@nestjs/common';
import { EgressClient } from '../../security/egress/egress-client.js';
import { McpCredentials } from './mcp-credentials.js';
import type { McpServerChanges } from './mcp-server.js';
import { serverNameTaken } from './mcp.errors.js';
import { ServerFile } from './server-file.js';

/** Whether a server may be registered as somebody wants it. */
@Injectable()
export class McpEndpoints {
  constructor(
    private readonly egress: EgressClient,
    private readonly credentials: McpCredentials,
    private readonly file: ServerFile,
  ) {}

  /**
   * @param changes what is new
   * @param whole what is there then
   * @throws Problem `egress-refused`, `secret-not-found`, `secret-host-not-allowed`, conflict for a name of the file
   */
  async check(
    workspaceId: string,
    changes: McpServerChanges,
    whole: { readonly url: string; readonly secretId?: string },
  ): Promise<void> {
    const { name, url, secretId } = changes;
    if (name !== undefined && this.file.find(workspaceId, name)) throw serverNameTaken(name);
    if (url !== undefined) await this.egress.check(url);
    if (url !== undefined || typeof secretId === 'string')
      await this.credentials.tokenFor({ workspaceId, secretId: whole.secretId }, whole.url);
  }
}
