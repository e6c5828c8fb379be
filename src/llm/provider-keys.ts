import { Injectable } from '@nestjs/common';
import { RecentReads } from '../platform/cache/recent-reads.js';
import { Database } from '../platform/database/database.js';
import { On } from '../platform/event/event-bus.js';
import { KeyedProviders, type KeyedProviderSource } from '../security/secret/keyed-provider-source.js';
import { SecretChanged } from '../security/secret/secret.events.js';
import type { SealedSecret } from '../security/secret/secret.repository.js';
import { SecretStore } from '../security/secret/secret-store.js';
import { ProviderRegistry } from './provider.registry.js';

/** A change made by another process is seen after this time at the latest. */
const MAX_AGE_MS = 3_000;
const WORKSPACES_REMEMBERED = 5_000;

/** Workspaces' own keys for model providers: they go before the server's. */
@Injectable()
@KeyedProviders()
export class ProviderKeys implements KeyedProviderSource {
  /** Sealed: a value is opened for the call that sends it. */
  private readonly recent = new RecentReads<ReadonlyMap<string, SealedSecret>>({
    maxAgeMs: MAX_AGE_MS,
    capacity: WORKSPACES_REMEMBERED,
  });

  constructor(
    private readonly registry: ProviderRegistry,
    private readonly secrets: SecretStore,
    private readonly database: Database,
  ) {}

  keyHosts(): ReadonlyMap<string, string> {
    return new Map(
      this.registry.all().flatMap(({ name, plugin }) => {
        const host = plugin.keyHost?.();
        return host === undefined ? [] : [[name, host] as const];
      }),
    );
  }

  /** The names of the providers that the workspace has a key for. */
  async of(workspaceId: string): Promise<ReadonlySet<string>> {
    return new Set((await this.sealed(workspaceId)).keys());
  }

  /**
   * The workspace's key for calls of a provider; undefined when the server's counts.
   * @throws Problem `secret-host-not-allowed` when the provider has moved to another host since the key was given
   */
  async keyFor(workspaceId: string, provider: string): Promise<string | undefined> {
    const secret = (await this.sealed(workspaceId)).get(provider);
    const host = this.registry.get(provider)?.plugin.keyHost?.();
    return secret === undefined || host === undefined ? undefined : this.secrets.open(secret, host);
  }

  @On(SecretChanged)
  onSecretChanged({ workspaceId }: SecretChanged): void {
    this.database.afterCommit(() => this.recent.forget(workspaceId));
  }

  private sealed(workspaceId: string): Promise<ReadonlyMap<string, SealedSecret>> {
    return this.recent.get(workspaceId, () => this.database.detached(() => this.secrets.providerKeys(workspaceId)));
  }
}
