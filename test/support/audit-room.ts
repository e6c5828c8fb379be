import { Clock } from '../../src/platform/clock/clock.js';
import { ServerConfig } from '../../src/platform/config/server.config.js';
import { Lifecycle } from '../../src/platform/health/lifecycle.js';
import { Sealer } from '../../src/platform/sealing/sealer.js';
import { AuditKey } from '../../src/security/audit/audit-key.js';
import { AuditLog } from '../../src/security/audit/audit.log.js';
import { AuditRepository } from '../../src/security/audit/audit.repository.js';
import { AuditSealer } from '../../src/security/audit/audit.sealer.js';
import type { MigratedDatabase } from './migrated-database.js';

/** What one process keeps of the audit log; the sealer works when it is told to. */
export interface AuditRoom {
  readonly log: AuditLog;
  readonly sealer: AuditSealer;
  readonly repository: AuditRepository;
  readonly key: AuditKey;
}

export function auditRoom({ database }: MigratedDatabase, sealer = new Sealer(Buffer.alloc(32, 7))): AuditRoom {
  const repository = new AuditRepository(database);
  const key = new AuditKey(sealer);
  const auditSealer = new AuditSealer(repository, key, database, new Lifecycle(new ServerConfig({})));
  auditSealer.wake = () => undefined;
  return {
    repository,
    key,
    sealer: auditSealer,
    log: new AuditLog(repository, key, auditSealer, database, new Clock()),
  };
}
