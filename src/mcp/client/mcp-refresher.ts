import { Injectable, Logger } from '@nestjs/common';
import { withinDeadline } from '../../platform/clock/deadline.js';
import { Database } from '../../platform/database/database.js';
import { Problem } from '../../platform/problem/problem.js';
import { httpRequestTimeout } from '../../security/egress/egress.errors.js';
import { faultSentence } from './connection-fault.js';
import { McpClientConfig } from './mcp-client.config.js';
import { McpConnections } from './mcp-connections.js';
import type { McpServer } from './mcp-server.js';
import { McpServerRepository } from './mcp-server.repository.js';
import { McpToolRepository } from './mcp-tool.repository.js';
import { mcpServerUnavailable } from './mcp.errors.js';
import { afterListing } from './tool-listing.js';
import { toolListing, type ToolListing } from './tool-lister.js';

/** Asks servers for their tools and keeps what they answer, or why they did not. */
@Injectable()
export class McpRefresher {
  private readonly logger = new Logger('MCP');
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(
    private readonly connections: McpConnections,
    private readonly servers: McpServerRepository,
    private readonly tools: McpToolRepository,
    private readonly database: Database,
    private readonly config: McpClientConfig,
  ) {
    connections.onListChanged((server) => void this.again(server));
  }

  /** Whatever is wrong with the server is recorded, not thrown. Simultaneous callers share one attempt. */
  refresh(server: McpServer): Promise<void> {
    const key = `${server.id}:${server.revision}`;
    const known = this.underWay.get(key);
    if (known) return known;
    const attempt = this.database.detached(() => this.attempt(server)).finally(() => this.underWay.delete(key));
    this.underWay.set(key, attempt);
    return attempt;
  }

  /** As {@link refresh}; what this begins reaches the server anew, whatever went wrong before. */
  refreshAnew(server: McpServer): Promise<void> {
    this.connections.release(server.id);
    return this.refresh(server);
  }

  /** What changed while a list was on its way is in the next one. */
  private async again({ workspaceId, id }: McpServer): Promise<void> {
    try {
      const server = await this.servers.find(workspaceId, id);
      if (!server?.enabled) return;
      await this.underWay.get(`${id}:${server.revision}`);
      await this.refresh(server);
    } catch (error) {
      this.logger.warn(`The tools of MCP server ${id} are not read anew: ${String(error)}`);
    }
  }

  private async attempt(server: McpServer): Promise<void> {
    let answer: Answer;
    try {
      const timeoutMs = 2 * this.config.connectTimeoutMs;
      answer = await withinDeadline(timeoutMs, NEVER, late, (signal) => this.ask(server, signal));
    } catch (error) {
      return this.failed(server, error);
    }
    await this.keep(server, answer);
  }

  private async failed(server: McpServer, error: unknown): Promise<void> {
    if (error instanceof Problem && error.headers['Retry-After'] !== undefined) return;
    const remark = faultSentence(Problem.is(error, mcpServerUnavailable) ? (error.cause ?? error) : error);
    if (server.check?.isUp !== false) this.logger.warn(`MCP server "${server.name}" (${server.id}) is down: ${remark}`);
    await this.servers.record(server, { isUp: false, remark }, false);
  }

  private async ask(server: McpServer, signal: AbortSignal): Promise<Answer> {
    return this.connections.use(server, signal, async (session) => {
      const askedAt = performance.now();
      const listing = await toolListing(session, signal);
      const latencyMs = Math.round(performance.now() - askedAt);
      return { listing, latencyMs, protocolVersion: session.protocolVersion };
    });
  }

  private async keep(server: McpServer, { listing, latencyMs, protocolVersion }: Answer): Promise<void> {
    await this.database.transaction(async () => {
      const current = await this.servers.lock(server);
      if (!current) return;
      const known = await this.tools.ofServer(server.workspaceId, server.id);
      await this.tools.replace(current, afterListing(current, known, listing.tools));
      const check = { isUp: true, latencyMs, protocolVersion, remark: remarkOn(listing) };
      await this.servers.record(current, check, true);
    });
  }
}

interface Answer {
  readonly listing: ToolListing;
  readonly latencyMs: number;
  readonly protocolVersion: string | undefined;
}

const NEVER = new AbortController().signal;

const late = (): Problem => httpRequestTimeout('It did not answer in time.');

const remarkOn = ({ leftOut }: ToolListing): string | undefined =>
  leftOut === 0
    ? undefined
    : `It lists ${leftOut} tools that are left out: their names are none or are there twice, or they are too many.`;
