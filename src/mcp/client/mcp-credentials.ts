import { Injectable } from '@nestjs/common';
import { SecretStore } from '../../security/secret/secret-store.js';
import type { McpServer } from './mcp-server.js';

/** The secrets that are sent to servers. */
@Injectable()
export class McpCredentials {
  constructor(private readonly secrets: SecretStore) {}

  /**
   * The token for a URL's host; undefined when the server has no secret.
   * @throws Problem `secret-not-found`, `secret-host-not-allowed`
   */
  async tokenFor(
    { workspaceId, secretId }: Pick<McpServer, 'workspaceId' | 'secretId'>,
    url: string,
  ): Promise<string | undefined> {
    return secretId === undefined ? undefined : this.secrets.reveal({ workspaceId, secretId, host: url });
  }
}
