import { Module } from '@nestjs/common';
import { AuditModule } from '../../security/audit/audit.module.js';
import { RedactionModule } from '../../security/redaction/redaction.module.js';
import { MemoryController } from './memory.controller.js';
import { MemoryRepository } from './memory.repository.js';
import { MemoryService } from './memory.service.js';
import { MemoryStores } from './memory-stores.js';

@Module({
  imports: [AuditModule, RedactionModule],
  controllers: [MemoryController],
  providers: [MemoryRepository, MemoryService, MemoryStores],
  exports: [MemoryStores],
})
export class MemoryModule {}
