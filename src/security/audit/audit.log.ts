import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { storableText } from '../../platform/database/storable.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { redactValue } from '../redaction/redact-value.js';
import type { AuditAct, AuditEntry } from './audit-entry.js';
import { AuditKey } from './audit-key.js';
import { AuditRepository } from './audit.repository.js';
import { AuditSealer } from './audit.sealer.js';
import { entryMac } from './chain.js';

const MAX_DETAIL_CHARACTERS = 8_192;

/** The one way into the audit log. */
@Injectable()
export class AuditLog {
  constructor(
    private readonly repository: AuditRepository,
    private readonly key: AuditKey,
    private readonly sealer: AuditSealer,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Writes the act within the ambient transaction: it is stored if, and only if, what it tells of is. */
  async record(act: AuditAct): Promise<void> {
    const entry = this.entryOf(act);
    await this.repository.append({ ...entry, mac: entryMac(entry, this.key.authenticate) });
    this.database.afterCommit(() => this.sealer.wake());
  }

  private entryOf({ workspaceId, actorId, action, subject, outcome, detail }: AuditAct): AuditEntry {
    return {
      id: newId(),
      workspaceId,
      actorId,
      action,
      subject: storableText(subject),
      outcome,
      detail: detail === undefined ? null : detailText(detail),
      traceId: currentRequest()?.traceId ?? null,
      at: this.clock.now().toISOString().replace('Z', '000Z'),
    };
  }
}

/** Facts that are too long are left out rather than the act that they describe. */
function detailText(detail: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(redactValue(detail));
  return text.length <= MAX_DETAIL_CHARACTERS ? text : '{"omitted":"too long"}';
}
