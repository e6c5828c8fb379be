import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { On } from '../../platform/event/event-bus.js';
import { WorkQueue } from '../../platform/queue/work-queue.js';
import { RunEnding } from '../run/run.events.js';
import { WEBHOOK_TOPIC } from './webhook.deliverer.js';
import { WebhookRepository } from './webhook.repository.js';

/** Makes the deliveries of a run due in the transaction that ends it. */
@Injectable()
export class WebhookListener {
  constructor(
    private readonly repository: WebhookRepository,
    private readonly queue: WorkQueue,
    private readonly database: Database,
  ) {}

  @On(RunEnding)
  async onRunEnding({ run }: RunEnding): Promise<void> {
    if (!run.hasWebhook) return;
    const ids = await this.repository.becomeDue(run.workspaceId, run.id);
    this.database.afterCommit(() => {
      for (const id of ids) void this.queue.put(WEBHOOK_TOPIC, id);
    });
  }
}
