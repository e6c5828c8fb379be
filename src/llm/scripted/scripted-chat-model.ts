import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { ChatDelta, ChatModel, ChatRequest } from '../chat-model.js';
import {
  modelAuthenticationFailed,
  modelRateLimited,
  modelRejected,
  modelStreamBroken,
  modelTimeout,
  modelUnavailable,
} from '../llm.errors.js';
import { pause } from '../pause.js';
import type { Fault } from './directives.js';
import { script } from './script.js';

export interface ScriptedOptions {
  /** Milliseconds a token; 0 is at once. */
  readonly tokenMs: number;
  /** Whether messages may hold directives. */
  readonly directives: boolean;
}

/** Most deltas in one batch when tokens come at once. */
const BATCH = 1_000;

/** A model without a provider: deterministic, honest about being one, paced like a real one. */
export class ScriptedChatModel implements ChatModel {
  constructor(private readonly options: ScriptedOptions) {}

  async *stream(request: ChatRequest): AsyncGenerator<readonly ChatDelta[]> {
    const { signal } = request;
    signal.throwIfAborted();
    const { tokens, end, fault, paceMs = this.options.tokenMs } = script(request, this.options.directives);
    yield* paced(fault === undefined ? tokens : tokens.slice(0, fault.after), paceMs, signal);
    if (fault !== undefined) await happen(fault, signal);
    yield end;
  }
}

/** Tokens at an even pace from now on; what a slow reader has missed comes in one batch. */
async function* paced(
  tokens: readonly ChatDelta[],
  paceMs: number,
  signal: AbortSignal,
): AsyncGenerator<readonly ChatDelta[]> {
  const start = performance.now();
  for (let sent = 0; sent < tokens.length;) {
    if (paceMs > 0) await pause(Math.max(0, start + (sent + 1) * paceMs - performance.now()), signal);
    else if (sent > 0) await turn();
    signal.throwIfAborted();
    const due = paceMs > 0 ? Math.max(sent + 1, Math.floor((performance.now() - start) / paceMs)) : sent + BATCH;
    yield tokens.slice(sent, due);
    sent = due;
  }
}

async function happen({ kind, retryAfterSeconds = 1 }: Fault, signal: AbortSignal): Promise<never> {
  switch (kind) {
    case 'stall':
      if (!signal.aborted) await once(signal, 'abort');
      throw signal.reason;
    case 'cut':
      throw modelStreamBroken('The answer of scripted:default broke off, as its directive asked.');
    case 'rate-limit':
      throw modelRateLimited('The rate of scripted:default is limited, as its directive asked.', {
        headers: { 'Retry-After': String(retryAfterSeconds) },
      });
    case 'timeout':
      throw modelTimeout('scripted:default took too long, as its directive asked.');
    case 'authentication':
      throw modelAuthenticationFailed('scripted:default refused the credentials, as its directive asked.');
    case 'rejected':
      throw modelRejected('scripted:default rejected the request, as its directive asked.');
    case 'fail':
      throw modelUnavailable('scripted:default failed, as its directive asked.');
  }
}
