import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import { CacheModule } from './cache/cache.module.js';
import { Clock } from './clock/clock.js';
import { ENVIRONMENT, provideConfiguration, type EnvironmentVariables } from './config/configuration.js';
import { ServerConfig } from './config/server.config.js';
import { DatabaseModule } from './database/database.module.js';
import { EventBus } from './event/event-bus.js';
import { HealthModule } from './health/health.module.js';
import { Lifecycle } from './health/lifecycle.js';
import { EventStreamInterceptor } from './http/event-stream.interceptor.js';
import { IdempotencyModule } from './idempotency/idempotency.module.js';
import { PluginRegistry } from './plugin/plugin.registry.js';
import { ProblemController } from './problem/problem.controller.js';
import { QueueModule } from './queue/queue.module.js';

/** The ground floor: what every room stands on, and nothing that knows a feature. */
@Global()
@Module({
  imports: [CacheModule, DiscoveryModule, DatabaseModule, HealthModule, IdempotencyModule, QueueModule],
  controllers: [ProblemController],
  providers: [
    provideConfiguration(ServerConfig),
    { provide: APP_INTERCEPTOR, useClass: EventStreamInterceptor },
    Clock,
    EventBus,
    Lifecycle,
    PluginRegistry,
  ],
  exports: [ServerConfig, Clock, EventBus, Lifecycle, PluginRegistry, DiscoveryModule],
})
export class PlatformModule {
  static with(environment: EnvironmentVariables): DynamicModule {
    return { module: PlatformModule, imports: [EnvironmentModule.of(environment)] };
  }
}

@Global()
@Module({})
class EnvironmentModule {
  static of(environment: EnvironmentVariables): DynamicModule {
    return {
      module: EnvironmentModule,
      providers: [{ provide: ENVIRONMENT, useValue: environment }],
      exports: [ENVIRONMENT],
    };
  }
}
