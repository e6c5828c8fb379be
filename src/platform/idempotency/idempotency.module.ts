import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { SealingModule } from '../sealing/sealing.module.js';
import { IdempotencyExpiry } from './idempotency-expiry.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { IdempotencyRepository } from './idempotency.repository.js';

@Module({
  imports: [SealingModule],
  providers: [IdempotencyRepository, IdempotencyExpiry, { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor }],
})
export class IdempotencyModule {}
