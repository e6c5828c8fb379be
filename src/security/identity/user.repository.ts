import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import { emailKey } from './email-key.js';
import { emailTaken } from './identity.errors.js';
import { UserEntity } from './user.entity.js';

export type NewUser = Pick<
  UserEntity,
  'id' | 'email' | 'name' | 'passwordHash' | 'isSystemAdmin' | 'personalWorkspaceId'
>;

@Injectable()
export class UserRepository {
  constructor(private readonly database: Database) {}

  byEmail(email: string): Promise<UserEntity | null> {
    return this.users.findOneBy({ emailKey: emailKey(email) });
  }

  byId(id: string): Promise<UserEntity | null> {
    return this.users.findOneBy({ id });
  }

  /** @throws Problem email-taken */
  async add(user: NewUser): Promise<void> {
    try {
      await this.users.insert({ ...user, emailKey: emailKey(user.email), sessionVersion: 1 });
    } catch (error) {
      throw isUniqueViolation(error, 'app_user_email_key') ? alreadyRegistered(user.email, error) : error;
    }
  }

  async rename(id: string, name: string | null): Promise<void> {
    await this.users.update({ id }, { name });
  }

  /** Sets a password and, by raising the session version, voids whatever was proven by the old one. False when another change came first. */
  async changePassword(
    { id, sessionVersion }: Pick<UserEntity, 'id' | 'sessionVersion'>,
    passwordHash: string,
  ): Promise<boolean> {
    const { affected } = await this.users.update(
      { id, sessionVersion },
      { passwordHash, sessionVersion: sessionVersion + 1 },
    );
    return affected === 1;
  }

  private get users() {
    return this.database.repository(UserEntity);
  }
}

export const alreadyRegistered = (email: string, cause?: unknown) =>
  emailTaken(`${email} is already registered. Log in, or register another address.`, { cause });
