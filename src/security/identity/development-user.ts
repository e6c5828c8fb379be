import { randomBytes } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { z } from 'zod';
import { ServerConfig } from '../../platform/config/server.config.js';
import { Database } from '../../platform/database/database.js';
import { EmbeddedDatabase } from '../../platform/database/embedded-database.js';
import { AccountService } from './account.service.js';
import { ApiKeys } from './api-keys.js';
import type { UserEntity } from './user.entity.js';

const CREDENTIALS = z.object({ email: z.string(), password: z.string(), apiKey: z.string() });
export type Credentials = Readonly<z.output<typeof CREDENTIALS>>;

export const DEVELOPMENT_EMAIL = 'dev@localhost.localdomain';
/** Any number, the same in every process: one at a time makes the user. */
const LOCK = 7_421_002;

/**
 * A system admin to begin with, on the embedded database outside of production only. The credentials are kept, readable
 * by this operating system user alone, in `<DATA_DIR>/development-user.json`, and made anew when they no longer work.
 */
@Injectable()
export class DevelopmentUser implements OnApplicationBootstrap {
  private current: Credentials | undefined;

  constructor(
    private readonly config: ServerConfig,
    private readonly embedded: EmbeddedDatabase,
    private readonly database: Database,
    private readonly accounts: AccountService,
    private readonly keys: ApiKeys,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.embedded.isUsed || this.config.nodeEnv === 'production') return;
    this.current = await this.database.transaction(async () => {
      await this.database.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      const kept = await this.kept();
      return kept && (await this.works(kept)) ? kept : this.make();
    });
  }

  /** Undefined where there is no such user. */
  credentials(): Promise<Credentials | undefined> {
    return Promise.resolve(this.current);
  }

  private async works({ email, apiKey }: Credentials): Promise<boolean> {
    const [user, key] = await Promise.all([this.accounts.byEmail(DEVELOPMENT_EMAIL), this.keys.recognise(apiKey)]);
    return email === DEVELOPMENT_EMAIL && user !== null && key?.userId === user.id;
  }

  private async make(): Promise<Credentials> {
    const password = randomBytes(18).toString('base64url');
    const user = await this.userWith(password);
    const { text } = await this.keys.issue({ userId: user.id, name: 'development', scopes: null, expiresAt: null });
    const credentials = { email: DEVELOPMENT_EMAIL, password, apiKey: text };
    await this.keep(credentials);
    return credentials;
  }

  private async userWith(password: string): Promise<UserEntity> {
    const known = await this.accounts.byEmail(DEVELOPMENT_EMAIL);
    if (!known)
      return this.accounts.create({ email: DEVELOPMENT_EMAIL, name: 'Developer', password, isSystemAdmin: true });
    await this.accounts.setPassword(known, password);
    return known;
  }

  private async kept(): Promise<Credentials | undefined> {
    try {
      await chmod(this.path, 0o600);
      return CREDENTIALS.parse(JSON.parse(await readFile(this.path, 'utf8')));
    } catch {
      return undefined;
    }
  }

  private async keep(credentials: Credentials): Promise<void> {
    const draft = `${this.path}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify(credentials, undefined, 2)}\n`, { mode: 0o600, flush: true });
    await rename(draft, this.path);
  }

  private get path(): string {
    return join(resolve(this.config.dataDir), 'development-user.json');
  }
}
