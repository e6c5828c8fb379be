import { CACHE_MANAGER, CacheInterceptor } from '@nestjs/cache-manager';
import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Cache } from 'cache-manager';
import { CacheCounters, type CacheTally } from './cache-counters.js';

/**
 * Keeps the answers of a GET route, by address, for every caller alike: only for what is the same in every workspace and
 * changes with a release alone. Guards come before it, so that nobody is answered who may not ask.
 */
@Injectable()
export class ResponseCacheInterceptor extends CacheInterceptor {
  private readonly tally: CacheTally;

  constructor(@Inject(CACHE_MANAGER) cache: Cache, reflector: Reflector, counters: CacheCounters) {
    super(cache, reflector);
    this.tally = counters.join(() => 0);
  }

  protected override setHeadersWhenHttp(context: ExecutionContext, value: unknown): void {
    if (value === undefined || value === null) this.tally.miss();
    else this.tally.hit();
    super.setHeadersWhenHttp(context, value);
  }
}
