import { Injectable } from '@nestjs/common';
import { tooManyRequests } from '../../platform/problem/http.errors.js';
import { addressKey } from './address-key.js';
import { ThrottleConfig } from './throttle.config.js';
import { TokenBuckets } from './token-bucket.js';

const ADDRESSES_REMEMBERED = 10_000;

/** Bounds the work that one address causes with tokens and keys that are not valid. */
@Injectable()
export class BadCredentials {
  private readonly buckets: TokenBuckets;

  constructor({ badCredentialsPerMinute }: ThrottleConfig) {
    const rate = { perMinute: badCredentialsPerMinute, burst: badCredentialsPerMinute };
    this.buckets = new TokenBuckets(rate, ADDRESSES_REMEMBERED);
  }

  /** To be asked before a credential is looked at. @throws Problem too-many-requests */
  admit(address: string): void {
    const { allowed, retryAfterSeconds } = this.buckets.peek(addressKey(address));
    if (allowed) return;
    throw tooManyRequests(
      `Too many invalid tokens or API keys from this address; try again in ${retryAfterSeconds} s.`,
      {
        headers: { 'Retry-After': String(retryAfterSeconds) },
      },
    );
  }

  /** To be told of a credential that was not valid. */
  count(address: string): void {
    this.buckets.take(addressKey(address));
  }
}
