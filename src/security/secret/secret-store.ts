import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { AuditAct } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit.log.js';
import { includesHost } from './host-pattern.js';
import { secretHostNotAllowed, secretNotFound } from './secret.errors.js';
import { SecretEnvelope } from './secret-envelope.js';
import { SecretRepository, type SealedSecret } from './secret.repository.js';

export interface Use {
  readonly workspaceId: string;
  readonly secretId: string;
  /** Where the value is about to be sent: `host`, `host:port`, or the whole URL, whose port is then known. */
  readonly host: string;
}

/** The one door to the values of secrets, for those who send them. */
@Injectable()
export class SecretStore {
  /** Whose use was noted, of those that are kept: they are due as long as they are kept. */
  private readonly noted = new WeakSet<SealedSecret>();

  constructor(
    private readonly repository: SecretRepository,
    private readonly envelope: SecretEnvelope,
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /**
   * The value of a secret for one host: keep it no longer than the request takes, and show it nobody.
   * @throws Problem `secret-not-found`, `secret-host-not-allowed`; SealBroken when the server's key is another
   */
  async reveal({ workspaceId, secretId, host }: Use): Promise<string> {
    const secret = await this.repository.sealed({ workspaceId, id: secretId });
    if (!secret) throw secretNotFound(`The workspace has no secret ${secretId}. Make one, or name another.`);
    return this.open(secret, host);
  }

  /** The workspace's keys of model providers, by provider, to be opened for a call. May be kept for a few seconds. */
  providerKeys(workspaceId: string): Promise<ReadonlyMap<string, SealedSecret>> {
    return this.repository.providerKeys(workspaceId);
  }

  /** Like {@link reveal}, without asking whether the secret is still the same. @throws Problem `secret-host-not-allowed` */
  async open(secret: SealedSecret, host: string): Promise<string> {
    if (!includesHost(secret.hosts, host)) {
      await this.database.detached(() => this.audit.record(deniedUse(secret, host)));
      throw notForHost(secret, host);
    }
    const value = this.envelope.open(secret, secret);
    if (secret.isUseDue && !this.noted.has(secret)) {
      this.noted.add(secret);
      await this.database.detached(() => this.repository.noteUse(secret));
    }
    return value;
  }
}

const deniedUse = ({ workspaceId, id, hosts }: SealedSecret, host: string): AuditAct => ({
  workspaceId,
  actorId: null,
  action: 'secret.used',
  subject: `secret:${id}`,
  outcome: 'denied',
  detail: { host: shown(host), allowed: hosts },
});

const notForHost = ({ id, name, hosts }: SealedSecret, host: string) =>
  secretHostNotAllowed(
    `The secret "${name}" may be sent to ${hosts.join(', ')}, not to ${JSON.stringify(shown(host))}.`,
    { extensions: { secretId: id } },
  );

/** Of a URL only what can name a host: its query may hold what is nobody's business. */
const shown = (host: string): string => (URL.parse(host)?.host || host).slice(0, 200);
