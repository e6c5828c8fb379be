import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { tooManyRequests } from '../../platform/problem/http.errors.js';
import { addressKey } from './address-key.js';
import { perMinute, retryAfterSeconds, type Rate } from './gcra.js';
import { ThrottleConfig } from './throttle.config.js';
import { ThrottleRepository } from './throttle.repository.js';

/** Bounds what an anonymous caller may try, counted over all processes. */
@Injectable()
export class Throttle {
  private readonly loginPerAccount: Rate;
  private readonly loginPerAddress: Rate;
  private readonly registrationPerAddress: Rate;

  constructor(
    private readonly repository: ThrottleRepository,
    config: ThrottleConfig,
  ) {
    this.loginPerAccount = perMinute(config.loginPerAccount);
    this.loginPerAddress = perMinute(config.loginPerAddress);
    this.registrationPerAddress = perMinute(config.registrationPerAddress);
  }

  /** Counts a login; the address first, so that a refused one costs no account its allowance. @throws Problem too-many-requests */
  async login(account: string, address: string): Promise<void> {
    await this.count(`login:address:${addressKey(address)}`, this.loginPerAddress, 'logins from this address');
    await this.password(account);
  }

  /** Counts an attempt to name the password of an account. @throws Problem too-many-requests */
  async password(account: string): Promise<void> {
    await this.count(`login:account:${digest(account)}`, this.loginPerAccount, 'logins of this account');
  }

  /** Counts a registration. @throws Problem too-many-requests */
  async registration(address: string): Promise<void> {
    await this.count(
      `registration:address:${addressKey(address)}`,
      this.registrationPerAddress,
      'registrations from this address',
    );
  }

  private async count(key: string, rate: Rate, what: string): Promise<void> {
    const { allowed, fullInMs } = await this.repository.count(key, rate);
    if (allowed) return;
    const seconds = retryAfterSeconds(fullInMs, rate);
    throw tooManyRequests(`More than ${rate.limit} ${what} in a minute; try again in ${seconds} s.`, {
      headers: { 'Retry-After': String(seconds) },
    });
  }
}

/** Keeps what was typed as an e-mail out of the table. */
const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
