import { Injectable } from '@nestjs/common';
import { EventStream } from '../platform/http/event-stream.js';
import type { Principal } from '../platform/http/principal.js';
import { SessionCheck } from '../security/identity/session-check.js';
import { permits } from '../security/permission/scope.js';
import { WorkspaceEventRepository } from './workspace-event.repository.js';
import type { WorkspaceEvent } from './workspace-event.js';
import { LATE_MS, type WorkspaceWatch } from './workspace-watch.js';
import { WorkspaceWatches } from './workspace-watches.js';

const MAX_REPLAY_MS = 3_600_000;

/** Tells members what happens in their workspace. */
@Injectable()
export class WorkspaceEventService {
  constructor(
    private readonly watches: WorkspaceWatches,
    private readonly events: WorkspaceEventRepository,
    private readonly sessions: SessionCheck,
  ) {}

  /** What happens from now on; with `after` first what has happened since that time, at most an hour ago. */
  async stream(caller: Principal, after: number | undefined): Promise<EventStream> {
    const leave = new AbortController();
    try {
      const watch = await this.watches.join(caller.workspaceId, leave.signal);
      return new EventStream(permitted(caller, this.told(caller.workspaceId, watch, watch.place, after, leave)), {
        stillAllowed: () => this.sessions.stillValid(caller),
        onDisconnect: () => leave.abort(),
      });
    } catch (error) {
      leave.abort();
      throw error;
    }
  }

  private async *told(
    workspaceId: string,
    watch: WorkspaceWatch,
    place: number,
    after: number | undefined,
    leave: AbortController,
  ): AsyncGenerator<readonly WorkspaceEvent[]> {
    try {
      const replayed = new Set<string>();
      if (after !== undefined) {
        const { since } = watch;
        for await (const events of this.replay(workspaceId, after)) {
          for (const { seq, at } of events) if (at >= since) replayed.add(seq);
          yield events;
        }
      }
      for await (const events of watch.after(place, leave.signal)) yield events.filter(({ seq }) => !replayed.has(seq));
    } finally {
      leave.abort();
    }
  }

  /** What was committed late may have happened a little before what the reader has read last. */
  private async *replay(workspaceId: string, after: number): AsyncGenerator<readonly WorkspaceEvent[]> {
    const from = Math.max(after - LATE_MS, (await this.events.now()) - MAX_REPLAY_MS);
    for await (const { events } of this.events.since(workspaceId, from)) yield events;
  }
}

/** What the scopes of the caller's key let it read. */
async function* permitted(
  { scopes }: Principal,
  told: AsyncIterable<readonly WorkspaceEvent[]>,
): AsyncGenerator<readonly WorkspaceEvent[]> {
  for await (const events of told) {
    const shown = events.filter(({ scope }) => permits(scopes, scope));
    if (shown.length > 0) yield shown;
  }
}
