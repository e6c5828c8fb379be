import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { RedisIndicator } from '../queue/redis.indicator.js';
import { DatabaseIndicator } from './database.indicator.js';
import { HealthController } from './health.controller.js';

@Module({
  imports: [TerminusModule.forRoot({ errorLogStyle: 'json', logger: false })],
  controllers: [HealthController],
  providers: [DatabaseIndicator, RedisIndicator],
})
export class HealthModule {}
