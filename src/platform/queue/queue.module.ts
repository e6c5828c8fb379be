import { Global, Module } from '@nestjs/common';
import { provideConfiguration } from '../config/configuration.js';
import { BrokerLink } from './broker-link.js';
import { QueueConfig } from './queue.config.js';
import { QueueWorkers } from './queue-workers.js';
import { WorkQueue } from './work-queue.js';

@Global()
@Module({
  providers: [provideConfiguration(QueueConfig), BrokerLink, QueueWorkers, WorkQueue],
  exports: [BrokerLink, QueueConfig, WorkQueue],
})
export class QueueModule {}
