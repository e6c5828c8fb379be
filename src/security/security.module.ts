import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuditModule } from './audit/audit.module.js';
import { EgressModule } from './egress/egress.module.js';
import { IdentityModule } from './identity/identity.module.js';
import { JwtGuard } from './identity/jwt.guard.js';
import { PermissionGuard } from './permission/permission.guard.js';
import { RedactionModule } from './redaction/redaction.module.js';
import { RequestLimitGuard } from './throttle/request-limit.guard.js';
import { SecretModule } from './secret/secret.module.js';
import { ThrottleModule } from './throttle/throttle.module.js';
import { WorkspaceGuard } from './workspace/workspace.guard.js';
import { WorkspaceModule } from './workspace/workspace.module.js';

/**
 * Every request passes these guards, in this order: who is it, do they ask too much, in which workspace do they act,
 * may they do this there. The limit comes before whatever asks the database on the caller's word.
 */
@Module({
  imports: [AuditModule, EgressModule, IdentityModule, RedactionModule, SecretModule, WorkspaceModule, ThrottleModule],
  providers: [JwtGuard, RequestLimitGuard, WorkspaceGuard, PermissionGuard].map((guard) => ({
    provide: APP_GUARD,
    useClass: guard,
  })),
  exports: [AuditModule, EgressModule, IdentityModule, RedactionModule, SecretModule],
})
export class SecurityModule {}
