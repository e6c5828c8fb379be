import { Module } from '@nestjs/common';
import { SealingModule } from '../../platform/sealing/sealing.module.js';
import { AuditController } from './audit.controller.js';
import { AuditKey } from './audit-key.js';
import { AuditLog } from './audit.log.js';
import { AuditRepository } from './audit.repository.js';
import { AuditSealer } from './audit.sealer.js';
import { AuditService } from './audit.service.js';
import { AuditVerifier } from './audit.verifier.js';
import { CacheClearings } from './cache-clearings.listener.js';

@Module({
  imports: [SealingModule],
  controllers: [AuditController],
  providers: [AuditKey, AuditLog, AuditRepository, AuditSealer, AuditService, AuditVerifier, CacheClearings],
  exports: [AuditLog],
})
export class AuditModule {}
