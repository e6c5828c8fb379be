import { Module } from '@nestjs/common';
import { provideConfiguration } from '../../platform/config/configuration.js';
import { EgressModule } from '../../security/egress/egress.module.js';
import { SecretModule } from '../../security/secret/secret.module.js';
import { DeclaredCalls } from './declared-calls.js';
import { DeclaredTools } from './declared-tools.source.js';
import { DeclaredToolConfig } from './declared.config.js';

/** Tools from the operator's folder. */
@Module({
  imports: [EgressModule, SecretModule],
  providers: [provideConfiguration(DeclaredToolConfig), DeclaredCalls, DeclaredTools],
})
export class DeclaredModule {}
