import { Injectable, Logger } from '@nestjs/common';
import { RecentReads } from '../../platform/cache/recent-reads.js';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { STATE_MAX_AGE_MS, STATES_REMEMBERED } from '../state-age.js';
import type { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeyRepository, type LiveApiKey, type NewApiKey } from './api-key.repository.js';
import { newApiKeyText, secretHash, shownPrefix } from './secret-text.js';

/** The keys themselves: made, recognised and revoked. Who may do so is another question. */
@Injectable()
export class ApiKeys {
  private readonly logger = new Logger('ApiKeys');
  private readonly recent = new RecentReads<LiveApiKey | undefined>({
    maxAgeMs: STATE_MAX_AGE_MS,
    capacity: STATES_REMEMBERED,
  });

  constructor(
    private readonly repository: ApiKeyRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The text of the key exists nowhere but in the answer. */
  async issue(
    rights: Pick<ApiKeyEntity, 'userId' | 'name' | 'scopes' | 'expiresAt'>,
  ): Promise<{ readonly text: string; readonly key: NewApiKey }> {
    const text = newApiKeyText();
    const key = { ...rights, id: newId(), prefix: shownPrefix(text), keyHash: secretHash(text) };
    await this.repository.add(key);
    return { text, key };
  }

  /** The key of this text, if it lives (revocations elsewhere are seen within 4 s, expiry at once). */
  async recognise(text: string): Promise<LiveApiKey | undefined> {
    const hash = secretHash(text);
    return this.unexpired(
      this.recent.get(hash.toString('base64'), () => this.database.detached(() => this.read(hash))),
    );
  }

  async isLive(id: string): Promise<boolean> {
    const key = await this.unexpired(
      this.recent.get(id, () => this.database.detached(() => this.repository.liveById(id))),
    );
    return key !== undefined;
  }

  /** Whether the user had such a key to revoke. Refused at once in this process. */
  async revoke(userId: string, id: string): Promise<boolean> {
    const hash = await this.repository.revoke(userId, id);
    if (!hash) return false;
    this.database.afterCommit(() => {
      this.recent.forget(hash.toString('base64'));
      this.recent.forget(id);
    });
    return true;
  }

  private async read(hash: Buffer): Promise<LiveApiKey | undefined> {
    const key = await this.repository.liveByHash(hash);
    if (key?.isUseDue) void this.noteUse(key.id);
    return key;
  }

  /** Off the request's path: the request does not wait for it and does not fail with it. */
  private async noteUse(id: string): Promise<void> {
    try {
      await this.repository.noteUse(id);
    } catch (error) {
      this.logger.warn(`The use of API key ${id} was not noted: ${String(error)}`);
    }
  }

  private async unexpired(found: Promise<LiveApiKey | undefined>): Promise<LiveApiKey | undefined> {
    const key = await found;
    return key && (key.expiresAt === null || key.expiresAt > this.clock.now()) ? key : undefined;
  }
}
