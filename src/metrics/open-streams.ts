import { Injectable } from '@nestjs/common';

/** The event streams that this process sends now. */
@Injectable()
export class OpenStreams {
  private readonly byWorkspace = new Map<string, number>();

  /** Until the answer is called. */
  opened(workspaceId: string): () => void {
    this.change(workspaceId, 1);
    return () => this.change(workspaceId, -1);
  }

  /** Of a workspace, or of all with null. */
  count(workspaceId: string | null): number {
    if (workspaceId !== null) return this.byWorkspace.get(workspaceId) ?? 0;
    return [...this.byWorkspace.values()].reduce((sum, count) => sum + count, 0);
  }

  private change(workspaceId: string, by: 1 | -1): void {
    const count = (this.byWorkspace.get(workspaceId) ?? 0) + by;
    if (count > 0) this.byWorkspace.set(workspaceId, count);
    else this.byWorkspace.delete(workspaceId);
  }
}
