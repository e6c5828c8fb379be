import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../platform/clock/clock.js';
import { Breaker } from './breaker.js';
import { McpConnection } from './mcp-connection.js';
import { McpConnector, type McpSession } from './mcp-connector.js';
import type { McpServer } from './mcp-server.js';

/** A connection that nobody has used for so long is closed. */
const IDLE_MS = 5 * 60_000;
const MOST_OPEN = 500;

interface Held {
  /** Of the server it was made for. */
  readonly revision: number;
  readonly connection: McpConnection;
}

/** The connections of this process: one a server, and those that only end what they were asked before. */
@Injectable()
export class McpConnections implements OnApplicationShutdown {
  private readonly held = new Map<string, Held>();
  private readonly leaving = new Set<{ readonly serverId: string; readonly connection: McpConnection }>();
  private listChanged: (server: McpServer) => void = () => undefined;

  constructor(
    private readonly connector: McpConnector,
    private readonly clock: Clock,
  ) {}

  /** Calls `listener` when a server says that its tools are others now. */
  onListChanged(listener: (server: McpServer) => void): void {
    this.listChanged = listener;
  }

  /** As {@link McpConnection.use}. A server that changed since the connection was made is reached anew. */
  use<Result>(server: McpServer, signal: AbortSignal, work: (session: McpSession) => Promise<Result>): Promise<Result> {
    return this.of(server).use(signal, work);
  }

  /** The next who asks reaches the server anew, whatever went wrong before; what is under way ends first. */
  release(serverId: string): void {
    const connection = this.held.get(serverId)?.connection;
    if (!connection) return;
    this.held.delete(serverId);
    const leaving = { serverId, connection };
    this.leaving.add(leaving);
    void connection.retire().finally(() => this.leaving.delete(leaving));
  }

  /** As {@link release}, and cuts what is under way. */
  async cut(serverId: string): Promise<void> {
    this.release(serverId);
    const cut = [...this.leaving].filter((leaving) => leaving.serverId === serverId);
    await Promise.all(cut.map(({ connection }) => connection.close()));
  }

  /** Closes what nobody uses. */
  async closeIdle(): Promise<void> {
    const idle = [...this.held.values()].filter(({ connection }) => connection.isOpen && connection.idleMs > IDLE_MS);
    await Promise.all(idle.map(({ connection }) => connection.close()));
  }

  async onApplicationShutdown(): Promise<void> {
    for (const serverId of this.held.keys()) this.release(serverId);
    await Promise.all([...this.leaving].map(({ connection }) => connection.close()));
  }

  private of(server: McpServer): McpConnection {
    const held = this.held.get(server.id);
    if (held && held.revision >= server.revision) return held.connection;
    this.release(server.id);
    this.makeRoom();
    const connection = new McpConnection({
      name: server.name,
      open: (events) => this.connector.open(server, events),
      breaker: new Breaker({ now: () => this.clock.millis(), random: Math.random }),
      now: () => this.clock.millis(),
      onListChanged: () => this.listChanged(server),
    });
    this.held.set(server.id, { revision: server.revision, connection });
    return connection;
  }

  private makeRoom(): void {
    if (this.held.size < MOST_OPEN) return;
    const [longest] = [...this.held].toSorted(([, a], [, b]) => b.connection.idleMs - a.connection.idleMs);
    if (longest) this.release(longest[0]);
  }
}
