import { Injectable } from '@nestjs/common';
import { Throttle } from '../throttle/throttle.js';
import { AccountService } from './account.service.js';
import { toUserDto, type RegisterDto, type SignedInDto } from './auth.dto.js';
import { emailKey } from './email-key.js';
import { IdentityConfig } from './identity.config.js';
import { registrationClosed } from './identity.errors.js';
import { SessionService } from './session.service.js';

/** Makes a user of a stranger. */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly config: IdentityConfig,
    private readonly throttle: Throttle,
    private readonly accounts: AccountService,
    private readonly sessions: SessionService,
  ) {}

  /** @throws Problem registration-closed, email-taken, too-many-requests */
  async register({ email, password, name }: RegisterDto, address: string): Promise<SignedInDto> {
    if (!this.config.registrationOpen)
      throw registrationClosed('Nobody can register here. Ask the operator for an account.');
    await this.throttle.registration(address);
    const user = await this.accounts.create({
      email,
      password,
      name: name ?? null,
      isSystemAdmin: this.isAdmin(email),
    });
    return { user: toUserDto(user), ...(await this.sessions.open(user)) };
  }

  private isAdmin(email: string): boolean {
    const { adminEmail } = this.config;
    return adminEmail !== undefined && emailKey(adminEmail) === emailKey(email);
  }
}
