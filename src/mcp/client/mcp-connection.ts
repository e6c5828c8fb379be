import { untilAborted } from '../../platform/clock/deadline.js';
import { Problem } from '../../platform/problem/problem.js';
import type { Breaker } from './breaker.js';
import { faultSentence, isConnectionFault, isSessionForgotten, refusalIn } from './connection-fault.js';
import type { McpSession, SessionEvents } from './mcp-connector.js';
import { mcpServerUnavailable } from './mcp.errors.js';

interface ConnectionOptions {
  /** For problems. */
  readonly name: string;
  readonly open: (events: SessionEvents) => Promise<McpSession>;
  readonly breaker: Breaker;
  readonly now: () => number;
  readonly onListChanged: () => void;
}

/** The one connection of this process to a server: made when somebody asks, shared by all who ask, made anew when lost. */
export class McpConnection {
  private session: Promise<McpSession> | undefined;
  private users = 0;
  private unused: PromiseWithResolvers<void> | undefined;
  private usedAt: number;

  constructor(private readonly options: ConnectionOptions) {
    this.usedAt = options.now();
  }

  /** Milliseconds since somebody used it; 0 while somebody does. */
  get idleMs(): number {
    return this.users > 0 ? 0 : this.options.now() - this.usedAt;
  }

  get isOpen(): boolean {
    return this.session !== undefined;
  }

  /**
   * Gives `work` an open session.
   * @throws Problem `mcp-server-unavailable` when there is none to be had, or it fails; what else `work` throws; the
   * signal's reason
   */
  async use<Result>(signal: AbortSignal, work: (session: McpSession) => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    const pauseMs = this.options.breaker.enter();
    if (pauseMs > 0) throw leftAlone(this.options.name, pauseMs);
    this.users += 1;
    try {
      const result = await this.attempt(signal, work);
      this.options.breaker.succeeded();
      return result;
    } catch (error) {
      throw this.judged(error, signal);
    } finally {
      this.users -= 1;
      this.usedAt = this.options.now();
      if (this.users === 0) this.unused?.resolve();
    }
  }

  /** Closes it once those who use it have ended. Nobody else may begin to. */
  async retire(): Promise<void> {
    this.unused = Promise.withResolvers();
    if (this.users === 0) this.unused.resolve();
    await this.unused.promise;
    await this.close();
  }

  /** At once, whoever uses it. */
  async close(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.then((open) => open.close()).catch(() => undefined);
  }

  private opened(): Promise<McpSession> {
    if (this.session) return this.session;
    const opening: Promise<McpSession> = this.options.open({
      onClose: () => this.forget(opening),
      onListChanged: this.options.onListChanged,
    });
    opening.catch(() => this.forget(opening));
    this.session = opening;
    return opening;
  }

  private forget(session: Promise<McpSession>): void {
    if (this.session === session) this.session = undefined;
  }

  /** A server that has forgotten the session has done nothing of what it was asked: it is asked again in a new one. */
  private async attempt<Result>(signal: AbortSignal, work: (session: McpSession) => Promise<Result>): Promise<Result> {
    const session = this.opened();
    try {
      return await untilAborted(signal, session.then(work));
    } catch (error) {
      if (signal.aborted || !isSessionForgotten(error)) throw error;
      this.forget(session);
      return untilAborted(signal, this.opened().then(work));
    }
  }

  /** Counts a failure. Nobody knows whether a server would have answered somebody who left: only a deadline counts. */
  private judged(error: unknown, signal: AbortSignal): unknown {
    const { breaker, name } = this.options;
    const hasLeft = signal.aborted && !isDeadline(signal.reason);
    if (hasLeft) breaker.abandoned();
    else if (!isConnectionFault(error)) breaker.succeeded();
    else this.failed();
    return signal.aborted ? signal.reason : translated(error, name);
  }

  /** The last who uses a session that fails closes it. */
  private failed(): void {
    this.options.breaker.failed();
    if (this.users <= 1) void this.close();
  }
}

const isDeadline = (reason: unknown): boolean => reason instanceof Problem && reason.status === 504;

function leftAlone(name: string, pauseMs: number): Problem {
  const seconds = Math.max(1, Math.ceil(pauseMs / 1_000));
  return mcpServerUnavailable(`The MCP server "${name}" failed several times. It is tried again in ${seconds} s.`, {
    headers: { 'Retry-After': String(seconds) },
    extensions: { server: name },
  });
}

/** What the guard of outgoing requests or of secrets says is said as it is. */
function translated(error: unknown, name: string): unknown {
  if (!isConnectionFault(error)) return error;
  const refusal = refusalIn(error);
  if (refusal) return refusal;
  return mcpServerUnavailable(`The MCP server "${name}" is not available. ${faultSentence(error)}`, {
    cause: error,
    extensions: { server: name },
  });
}
