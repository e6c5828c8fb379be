import { Module } from '@nestjs/common';
import { provideConfiguration } from '../../platform/config/configuration.js';
import { BadCredentials } from './bad-credentials.js';
import { Throttle } from './throttle.js';
import { ThrottleConfig } from './throttle.config.js';
import { ThrottleRepository } from './throttle.repository.js';

@Module({
  providers: [provideConfiguration(ThrottleConfig), ThrottleRepository, Throttle, BadCredentials],
  exports: [ThrottleConfig, ThrottleRepository, Throttle, BadCredentials],
})
export class ThrottleModule {}
