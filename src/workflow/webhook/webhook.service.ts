import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { Problem } from '../../platform/problem/problem.js';
import { EgressClient } from '../../security/egress/egress-client.js';
import type { WebhookDto } from './webhook.dto.js';
import { WebhookRepository } from './webhook.repository.js';

const SECRET_BYTES = 32;

/** Who is told of the end of a run. */
@Injectable()
export class Webhooks {
  constructor(
    private readonly repository: WebhookRepository,
    private readonly egress: EgressClient,
  ) {}

  /** Whether posts to `url` would be sent at all. @throws Problem `egress-refused`, naming the field */
  async check(url: string): Promise<void> {
    try {
      await this.egress.check(url);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw error.with({ errors: [{ pointer: '/webhook/url', detail: error.detail }] });
    }
  }

  /**
   * Has the end of a run posted to a URL that was checked; part of the transaction that stores the run. Answers the
   * secret when it was made here: it can be read nowhere else.
   */
  async register(
    workspaceId: string,
    runId: string,
    { url, secret }: WebhookDto,
  ): Promise<{ readonly secret?: string }> {
    const used = secret ?? `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
    await this.repository.add({ workspaceId, runId, url, secret: used });
    return secret === undefined ? { secret: used } : {};
  }
}
