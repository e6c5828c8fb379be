import { Module } from '@nestjs/common';
import { provideConfiguration } from '../../platform/config/configuration.js';
import { EgressClient } from './egress-client.js';
import { EgressFetch } from './egress-fetch.js';
import { EgressConfig } from './egress.config.js';
import { EgressConnector } from './egress-connector.js';
import { EgressNetwork } from './egress-network.js';

/** Requests to addresses that somebody else chose. */
@Module({
  providers: [provideConfiguration(EgressConfig), EgressClient, EgressConnector, EgressFetch, EgressNetwork],
  exports: [EgressClient, EgressFetch],
})
export class EgressModule {}
