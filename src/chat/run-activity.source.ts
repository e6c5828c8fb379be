import { Injectable } from '@nestjs/common';
import { ActivitySource, type ActiveRun, type Activity } from '../conversation/activity-source.js';
import { RunService } from '../workflow/run/run.service.js';

/** The chat run that holds a conversation, as the conversation shows it. */
@Injectable()
@ActivitySource()
export class RunActivity implements Activity {
  constructor(private readonly runs: RunService) {}

  of(workspaceId: string, conversationId: string): Promise<ActiveRun | undefined> {
    return this.runs.holding(workspaceId, conversationId);
  }
}
