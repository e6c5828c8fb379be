import { Module } from '@nestjs/common';
import { SecurityModule } from '../security/security.module.js';
import { WorkspaceEventController } from './workspace-event.controller.js';
import { WorkspaceEventRepository } from './workspace-event.repository.js';
import { WorkspaceEventService } from './workspace-event.service.js';
import { WorkspaceWatches } from './workspace-watches.js';

/** What happens in a workspace, told live. The rooms above say what that is. */
@Module({
  imports: [SecurityModule],
  controllers: [WorkspaceEventController],
  providers: [WorkspaceEventRepository, WorkspaceEventService, WorkspaceWatches],
})
export class NewsModule {}
