import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Principal } from '../../platform/http/principal.js';
import { conflict, validationFailed } from '../../platform/problem/http.errors.js';
import type { AuditOutcome } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit.log.js';
import { Throttle } from '../throttle/throttle.js';
import { AccountService } from './account.service.js';
import { toUserDto, type ChangePasswordDto, type LoginDto, type SignedInDto } from './auth.dto.js';
import { emailKey } from './email-key.js';
import { loginRefused } from './identity.errors.js';
import { Passwords } from './passwords.js';
import { SessionService } from './session.service.js';

/** What is done with a password. */
@Injectable()
export class LoginService {
  constructor(
    private readonly throttle: Throttle,
    private readonly accounts: AccountService,
    private readonly passwords: Passwords,
    private readonly sessions: SessionService,
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** @throws Problem unauthenticated, too-many-requests */
  async login({ email, password }: LoginDto, address: string): Promise<SignedInDto> {
    await this.throttle.login(emailKey(email), address);
    const user = await this.accounts.byEmail(email);
    const proven = await this.passwords.matches(password, user?.passwordHash);
    if (!user || !proven) {
      await this.note('login', user, 'failed');
      throw loginRefused();
    }
    return this.database.transaction(async () => {
      await this.note('login', user, 'ok');
      return { user: toUserDto(user), ...(await this.sessions.open(user)) };
    });
  }

  /** Ends the session the caller came with; an API key has none. */
  async logout(caller: Principal): Promise<void> {
    const { sessionId } = caller;
    if (sessionId === undefined) return;
    const user = await this.accounts.get(caller.userId);
    await this.database.transaction(async () => {
      await this.sessions.end(sessionId);
      await this.note('logout', user, 'ok');
    });
  }

  /** Ends every session of the user, this one too. API keys stay. @throws Problem validation-failed, conflict, too-many-requests */
  async changePassword(caller: Principal, { currentPassword, newPassword }: ChangePasswordDto): Promise<void> {
    const user = await this.accounts.get(caller.userId);
    await this.throttle.password(user.emailKey);
    if (!(await this.passwords.matches(currentPassword, user.passwordHash))) {
      await this.note('password-change', user, 'denied');
      throw validationFailed([{ pointer: '/currentPassword', detail: 'is not the present password' }]);
    }
    await this.database.transaction(async () => {
      const changed = await this.accounts.setPassword(user, newPassword);
      if (!changed) throw conflict('The password was changed at the same moment. Log in with the one that was set.');
      await this.sessions.endAll(user.id);
      await this.note('password-change', user, 'ok');
    });
  }

  /** In the user's personal workspace. Whoever fails to prove to be somebody is nobody; an address is not noted. */
  private note(
    act: 'login' | 'logout' | 'password-change',
    user: { readonly id: string; readonly personalWorkspaceId: string } | null,
    outcome: AuditOutcome,
  ): Promise<void> {
    return this.audit.record({
      workspaceId: user?.personalWorkspaceId ?? null,
      actorId: outcome === 'failed' ? null : (user?.id ?? null),
      action: `identity.${act}`,
      subject: `user:${user?.id ?? 'unknown'}`,
      outcome,
    });
  }
}
