import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Lifecycle } from '../platform/health/lifecycle.js';
import { WorkspaceEventRepository } from './workspace-event.repository.js';
import { WorkspaceWatch } from './workspace-watch.js';

interface Shared {
  readonly watch: Promise<WorkspaceWatch>;
  readonly end: AbortController;
  listeners: number;
}

/** The watches of this process: one for each workspace that somebody listens to, for as long as somebody does. */
@Injectable()
export class WorkspaceWatches implements OnModuleInit {
  private readonly shared = new Map<string, Shared>();

  constructor(
    private readonly events: WorkspaceEventRepository,
    private readonly lifecycle: Lifecycle,
  ) {}

  onModuleInit(): void {
    this.lifecycle.onDrain(() => Promise.resolve([...this.shared.values()].forEach(({ end }) => end.abort())));
  }

  /** Until `leave`. @throws what the first look fails with */
  join(workspaceId: string, leave: AbortSignal): Promise<WorkspaceWatch> {
    const shared = this.shared.get(workspaceId) ?? this.begin(workspaceId);
    shared.listeners += 1;
    leave.addEventListener('abort', () => this.left(workspaceId, shared), { once: true });
    return shared.watch;
  }

  private begin(workspaceId: string): Shared {
    const end = new AbortController();
    if (this.lifecycle.isDraining) end.abort();
    const shared = { watch: WorkspaceWatch.begin(workspaceId, this.events, end.signal), end, listeners: 0 };
    this.shared.set(workspaceId, shared);
    return shared;
  }

  private left(workspaceId: string, shared: Shared): void {
    shared.listeners -= 1;
    if (shared.listeners > 0) return;
    shared.end.abort();
    this.shared.delete(workspaceId);
  }
}
