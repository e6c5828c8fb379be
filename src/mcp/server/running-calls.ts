import { Injectable } from '@nestjs/common';
import { McpServerConfig } from './mcp-server.config.js';

/** A request of a client that may be cancelled by another one. */
export interface CallKey {
  readonly userId: string;
  readonly workspaceId: string;
  /** Given to the client when it connected; absent in the protocol of 2026, where leaving is cancelling. */
  readonly sessionId: string;
  readonly requestId: string | number;
}

/** The calls that run in this process: how many of whom, and how to end one. */
@Injectable()
export class RunningCalls {
  private readonly perUser = new Map<string, number>();
  private readonly cancels = new Map<string, AbortController>();

  constructor(private readonly config: McpServerConfig) {}

  /** Whether the user may have one more; a call that was entered is to be left. It also ends a server that calls itself. */
  enter(userId: string): boolean {
    const running = this.perUser.get(userId) ?? 0;
    if (running >= this.config.callsPerUser) return false;
    this.perUser.set(userId, running + 1);
    return true;
  }

  leave(userId: string): void {
    const running = (this.perUser.get(userId) ?? 0) - 1;
    if (running > 0) this.perUser.set(userId, running);
    else this.perUser.delete(userId);
  }

  /** Makes a request cancellable by its key until it is released. */
  register(key: CallKey, controller: AbortController): () => void {
    const name = nameOf(key);
    this.cancels.set(name, controller);
    return () => {
      if (this.cancels.get(name) === controller) this.cancels.delete(name);
    };
  }

  cancel(key: CallKey): void {
    this.cancels.get(nameOf(key))?.abort(new Error('The client cancelled the call.'));
  }
}

const nameOf = ({ userId, workspaceId, sessionId, requestId }: CallKey): string =>
  JSON.stringify([userId, workspaceId, sessionId, requestId]);
