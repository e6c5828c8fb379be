import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { BrokerLink } from './broker-link.js';
import { QueueConfig } from './queue.config.js';
import { within } from './within.js';

const TIMEOUT_MS = 2_000;

/** Whether Redis answers, where one is configured. */
@Injectable()
export class RedisIndicator {
  constructor(
    private readonly link: BrokerLink,
    private readonly config: QueueConfig,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Empty without REDIS_URL. */
  async check(): Promise<HealthIndicatorResult> {
    if (this.config.redisUrl === undefined) return {};
    const indicator = this.indicators.check('redis');
    try {
      const broker = await within(TIMEOUT_MS, this.link.broker());
      await within(TIMEOUT_MS, broker.ping());
      return indicator.up();
    } catch (error) {
      return indicator.down({ message: error instanceof Error ? error.message : 'unreachable' });
    }
  }
}
