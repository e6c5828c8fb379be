import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { EventStream, StreamInterrupted, type StreamFrame } from '../../platform/http/event-stream.js';
import type { Principal } from '../../platform/http/principal.js';
import { SessionCheck } from '../../security/identity/session-check.js';
import { noDocument } from '../knowledge.errors.js';
import { toDocument, type DocumentRow } from './document.js';
import { DocumentRepository } from './document.repository.js';

const LOOK_EVERY_MS = 250;
const MAX_MS = 600_000;
const RETRY_MS = 1_000;

/** The states of a document as they come, until it is ready, failed or deleted. A reader may miss one that was brief. */
@Injectable()
export class DocumentProgress {
  constructor(
    private readonly documents: DocumentRepository,
    private readonly sessions: SessionCheck,
  ) {}

  /** Those after state number `after`. @throws Problem not-found */
  async stream(caller: Principal, id: string, after: number): Promise<EventStream> {
    if (!(await this.documents.find(caller.workspaceId, id))) throw noDocument(id);
    const leave = new AbortController();
    return new EventStream(this.states(caller.workspaceId, id, after, leave.signal), {
      stillAllowed: () => this.sessions.stillValid(caller),
      onDisconnect: () => leave.abort(),
    });
  }

  private async *states(
    workspaceId: string,
    id: string,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StreamFrame[]> {
    const until = performance.now() + MAX_MS;
    let told = after;
    while (!signal.aborted) {
      const row = await this.documents.find(workspaceId, id);
      if (!row)
        return yield [{ seq: told + 1, data: JSON.stringify({ type: 'deleted', seq: told + 1, documentId: id }) }];
      if (row.version > told) yield [frameOf(row)];
      told = Math.max(told, row.version);
      if (row.status === 'ready' || row.status === 'failed') return;
      if (performance.now() > until) throw new StreamInterrupted(RETRY_MS);
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

function frameOf(row: DocumentRow): StreamFrame {
  const { id, status, updatedAt, chunks, progress, problem } = toDocument(row);
  const event = { type: status, seq: row.version, documentId: id, at: updatedAt, chunks, progress, problem };
  return { seq: row.version, data: JSON.stringify(event) };
}
