import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { WorkspaceRepository } from '../workspace/workspace.repository.js';
import { credentialInvalid } from './identity.errors.js';
import { Passwords } from './passwords.js';
import type { UserEntity } from './user.entity.js';
import { alreadyRegistered, UserRepository } from './user.repository.js';

export interface NewAccount {
  readonly email: string;
  readonly password: string;
  readonly name: string | null;
  readonly isSystemAdmin: boolean;
}

/** Users and what belongs to each. */
@Injectable()
export class AccountService {
  constructor(
    private readonly users: UserRepository,
    private readonly workspaces: WorkspaceRepository,
    private readonly passwords: Passwords,
    private readonly database: Database,
  ) {}

  /** A new user, owner of a new personal workspace. @throws Problem email-taken */
  async create({ password, ...account }: NewAccount): Promise<UserEntity> {
    if (await this.users.byEmail(account.email)) throw alreadyRegistered(account.email);
    const passwordHash = await this.passwords.hash(password);
    const id = newId();
    const personalWorkspaceId = newId();
    return this.database.transaction(async () => {
      await this.users.add({ ...account, passwordHash, id, personalWorkspaceId });
      await this.workspaces.add({ id: personalWorkspaceId, name: 'Personal', isPersonal: true, createdBy: id });
      return this.get(id);
    });
  }

  /** @throws Problem unauthenticated when the user was deleted a moment ago */
  async get(id: string): Promise<UserEntity> {
    const user = await this.users.byId(id);
    if (!user) throw credentialInvalid('The user no longer exists.');
    return user;
  }

  byEmail(email: string): Promise<UserEntity | null> {
    return this.users.byEmail(email);
  }

  async rename(id: string, name: string | null): Promise<UserEntity> {
    await this.users.rename(id, name);
    return this.get(id);
  }

  /** Voids whatever was proven by the old password. False when the password was changed since `user` was read. */
  async setPassword(user: UserEntity, password: string): Promise<boolean> {
    return this.users.changePassword(user, await this.passwords.hash(password));
  }
}
