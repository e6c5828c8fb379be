import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Lifecycle } from '../../platform/health/lifecycle.js';
import { withoutRequest } from '../../platform/http/request-context.js';
import type { ProvenEntry } from './audit-entry.js';
import { AuditKey } from './audit-key.js';
import { AuditRepository } from './audit.repository.js';
import { CHAIN_START, entryMac, headMac, linkAfter, type Link } from './chain.js';

/** How long entries of this process gather. */
const GATHER_MS = 200;
/** What a process that died has left. */
const SWEEP_MS = 10_000;
const CHAINS_AT_ONCE = 100;
const ENTRIES_AT_ONCE = 500;

/**
 * Gives entries their place in the chain of their workspace, in the order they were committed: an entry that commits
 * late comes behind those that have their place. Many processes may do so; a lock lets one prolong a chain at a time.
 */
@Injectable()
export class AuditSealer implements OnApplicationBootstrap {
  private readonly logger = new Logger('Audit');
  private sweeper: NodeJS.Timeout | undefined;
  private pending: NodeJS.Timeout | undefined;
  private sealing: Promise<void> = Promise.resolve();

  constructor(
    private readonly repository: AuditRepository,
    private readonly key: AuditKey,
    private readonly database: Database,
    private readonly lifecycle: Lifecycle,
  ) {}

  onApplicationBootstrap(): void {
    this.sweeper = setInterval(() => this.wake(), SWEEP_MS).unref();
    this.lifecycle.onDrain(() => this.drain());
    this.wake();
  }

  /** To be told that there is something to seal. */
  wake(): void {
    this.pending ??= withoutRequest(() => setTimeout(() => this.begin(), GATHER_MS).unref());
  }

  /** Seals everything that is committed. */
  async sealAll(): Promise<void> {
    for (;;) {
      const chains = await this.repository.unsealedChains(CHAINS_AT_ONCE);
      let sealed = 0;
      for (const chain of chains) sealed += await this.seal(chain);
      if (sealed === 0) return;
    }
  }

  private async drain(): Promise<void> {
    clearInterval(this.sweeper);
    if (this.pending) {
      clearTimeout(this.pending);
      this.begin();
    }
    await this.sealing;
  }

  private begin(): void {
    this.pending = undefined;
    this.sealing = this.sealing.then(() => this.pass());
  }

  private async pass(): Promise<void> {
    try {
      await this.database.detached(() => this.sealAll());
    } catch (error) {
      this.logger.warn(`Entries stay unsealed until the next pass: ${String(error)}`);
    }
  }

  /** How many entries were sealed. */
  private seal(chain: string): Promise<number> {
    return this.database.transaction(async () => {
      await this.repository.lock(chain);
      const end = await this.endOf(chain);
      if (!end) return 0;
      const entries = (await this.repository.unsealed(chain, null, ENTRIES_AT_ONCE)).filter((entry) =>
        this.isOurs(entry),
      );
      if (entries.length === 0) return 0;
      const links = this.linksFrom(end, entries, chain);
      await this.repository.seal(
        entries.map(({ id }) => id),
        links,
      );
      const head = links.at(-1) ?? end;
      await this.repository.moveHead(chain, { ...head, mac: headMac(chain, head, this.key.authenticate) });
      return entries.length;
    });
  }

  /** Where the chain ends; undefined when somebody else has moved its end: to go on from there would hide it. */
  private async endOf(chain: string): Promise<Link | undefined> {
    const head = await this.repository.head(chain);
    const isSound = head
      ? head.mac.equals(headMac(chain, head, this.key.authenticate))
      : !(await this.repository.hasSurplus(chain));
    if (isSound) return head ?? CHAIN_START;
    this.logger.error(`The audit chain ${chain} was changed from outside and is not prolonged; GET /audit/verify.`);
    return undefined;
  }

  private isOurs(entry: ProvenEntry): boolean {
    if (entry.mac.equals(entryMac(entry, this.key.authenticate))) return true;
    this.logger.error(`The audit entry ${entry.id} was not written by this application and is not sealed.`);
    return false;
  }

  private linksFrom(end: Link, entries: readonly ProvenEntry[], chain: string): Link[] {
    let last = end;
    return entries.map((entry) => (last = linkAfter(last, entry, chain, this.key.authenticate)));
  }
}
