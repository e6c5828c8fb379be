import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Response } from 'express';
import { tooManyRequests } from '../../platform/problem/http.errors.js';
import type { IdentifiedRequest } from '../identity/identity.js';
import { ThrottleConfig } from './throttle.config.js';
import { TokenBuckets } from './token-bucket.js';

const USERS_REMEMBERED = 50_000;

/** Bounds what one user asks of this process, and tells on every authenticated answer how much is left. */
@Injectable()
export class RequestLimitGuard implements CanActivate {
  private readonly buckets: TokenBuckets;

  constructor(private readonly config: ThrottleConfig) {
    this.buckets = new TokenBuckets(
      { perMinute: config.requestsPerMinute, burst: config.requestsBurst },
      USERS_REMEMBERED,
    );
  }

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const { identity } = http.getRequest<IdentifiedRequest>();
    if (!identity) return true;
    const { allowed, remaining, resetSeconds, retryAfterSeconds } = this.buckets.take(identity.userId);
    http.getResponse<Response>().set({
      'RateLimit-Limit': String(this.config.requestsBurst),
      'RateLimit-Remaining': String(remaining),
      'RateLimit-Reset': String(resetSeconds),
    });
    if (allowed) return true;
    const { requestsBurst, requestsPerMinute } = this.config;
    throw tooManyRequests(
      `More than ${requestsBurst} requests at once, or ${requestsPerMinute} a minute; try again in ${retryAfterSeconds} s.`,
      { headers: { 'Retry-After': String(retryAfterSeconds) } },
    );
  }
}
