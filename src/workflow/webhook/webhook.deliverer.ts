import { Injectable, Logger } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import { Problem } from '../../platform/problem/problem.js';
import { QueueHandler, type WorkHandler } from '../../platform/queue/queue-handler.js';
import { WorkQueue } from '../../platform/queue/work-queue.js';
import { EgressClient } from '../../security/egress/egress-client.js';
import { toRunDto } from '../run/run.dto.js';
import { RunRepository } from '../run/run.repository.js';
import { pauseAfter } from './webhook-backoff.js';
import { WebhookRepository, type ClaimedWebhook } from './webhook.repository.js';

export const WEBHOOK_TOPIC = 'webhook';

const TIMEOUT_MS = 15_000;
/** Longer than an attempt: nobody else sends meanwhile. After a crash it is the time until somebody does. */
const CLAIM_MS = 30_000;
const MAX_RESPONSE_BYTES = 65_536;
const GONE = 410;

/** What became of an attempt. `final`: there is no use in another. */
type Outcome =
  { readonly isDelivered: true } | { readonly isDelivered: false; readonly fault: string; readonly final: boolean };

/** Posts the ends of runs, signed as standardwebhooks.com has it, until the receiver takes them: at least once. */
@Injectable()
@QueueHandler({ topic: WEBHOOK_TOPIC, concurrency: 20 })
export class WebhookDeliverer implements WorkHandler {
  private readonly logger = new Logger('Webhook');

  constructor(
    private readonly repository: WebhookRepository,
    private readonly runs: RunRepository,
    private readonly egress: EgressClient,
    private readonly queue: WorkQueue,
  ) {}

  due(limit: number): Promise<readonly string[]> {
    return this.repository.due(limit);
  }

  async handle(id: string, signal: AbortSignal): Promise<void> {
    const webhook = await this.repository.claim(id, CLAIM_MS);
    if (!webhook) return;
    const outcome = await this.attempt(webhook, signal);
    if (outcome.isDelivered) return this.repository.delivered(webhook);
    const pause = signal.aborted ? 0 : outcome.final ? undefined : pauseAfter(webhook.attempt);
    if (pause === undefined) return this.giveUp(webhook, outcome.fault);
    if (await this.repository.postpone(webhook, pause, outcome.fault))
      await this.queue.put(WEBHOOK_TOPIC, id, { delayMs: pause });
  }

  private async attempt(webhook: ClaimedWebhook, signal: AbortSignal): Promise<Outcome> {
    try {
      const { status } = await this.egress.request({
        method: 'POST',
        url: webhook.url,
        ...(await this.messageOf(webhook)),
        timeoutMs: TIMEOUT_MS,
        maxResponseBytes: MAX_RESPONSE_BYTES,
        beyondLimit: 'truncate',
        maxRedirects: 0,
        signal,
      });
      if (status >= 200 && status < 300) return { isDelivered: true };
      return { isDelivered: false, fault: `It answered ${status}.`, final: status === GONE };
    } catch (error) {
      return { isDelivered: false, fault: faultOf(error, signal), final: false };
    }
  }

  /** The same for every attempt but for the time and, by it, the signature. */
  private async messageOf(webhook: ClaimedWebhook) {
    const { id, workspaceId, runId } = webhook;
    const run = await this.runs.find(workspaceId, runId);
    if (!run) throw new Error(`Run ${runId} is missing.`);
    const body = JSON.stringify({
      type: `run.${run.status}`,
      timestamp: (run.endedAt ?? run.createdAt).toISOString(),
      data: { run: toRunDto(run) },
    });
    const now = new Date();
    return {
      body,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': new Webhook(this.repository.secretOf(webhook)).sign(id, now, body),
      },
    };
  }

  private async giveUp(webhook: ClaimedWebhook, fault: string): Promise<void> {
    await this.repository.failed(webhook, fault);
    this.logger.warn(
      `The end of run ${webhook.runId} is not posted any more, after ${webhook.attempt} attempts: ${fault}`,
    );
  }
}

function faultOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'The process that sent it shut down.';
  return error instanceof Problem ? error.detail : String(error);
}
