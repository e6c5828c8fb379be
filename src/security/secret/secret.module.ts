import { Module } from '@nestjs/common';
import { SealingModule } from '../../platform/sealing/sealing.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { SecretController } from './secret.controller.js';
import { SecretEnvelope } from './secret-envelope.js';
import { SecretHosts } from './secret-hosts.js';
import { SecretRepository } from './secret.repository.js';
import { SecretService } from './secret.service.js';
import { SecretStore } from './secret-store.js';

/** What a workspace keeps secret, and lends to those who send it. */
@Module({
  imports: [AuditModule, SealingModule],
  controllers: [SecretController],
  providers: [SecretEnvelope, SecretHosts, SecretRepository, SecretService, SecretStore],
  exports: [SecretStore],
})
export class SecretModule {}
