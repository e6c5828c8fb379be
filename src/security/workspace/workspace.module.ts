import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { RedactionModule } from '../redaction/redaction.module.js';
import { MemberController } from './member.controller.js';
import { MemberRepository } from './member.repository.js';
import { MemberService } from './member.service.js';
import { MembershipEntity } from './membership.entity.js';
import { Memberships } from './memberships.js';
import { WorkspaceController } from './workspace.controller.js';
import { WorkspaceEntity } from './workspace.entity.js';
import { WorkspaceRepository } from './workspace.repository.js';
import { WorkspaceService } from './workspace.service.js';

@Module({
  imports: [AuditModule, RedactionModule, TypeOrmModule.forFeature([WorkspaceEntity, MembershipEntity])],
  controllers: [WorkspaceController, MemberController],
  providers: [Memberships, MemberRepository, MemberService, WorkspaceRepository, WorkspaceService],
  exports: [Memberships, WorkspaceRepository],
})
export class WorkspaceModule {}
