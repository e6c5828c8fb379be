import { Injectable } from '@nestjs/common';
import { EventRepository } from './event.repository.js';
import type { RunEnding } from './run.events.js';

/** A call of a tool as its run's log tells of it, without its result. */
export interface RunToolCall {
  readonly callId: string;
  readonly tool: string;
  /** Absent when they are too long to be kept a second time. */
  readonly arguments?: unknown;
  readonly risk?: string;
  /** What came of it; absent when the run ended without waiting for it. */
  readonly status?: string;
  readonly durationMs?: number;
}

const MAX_EVENTS = 200;
const MAX_ARGUMENTS_CHARACTERS = 8_192;

/** The calls of tools of a run that ends, as its log has them. */
@Injectable()
export class RunToolCalls {
  constructor(private readonly events: EventRepository) {}

  /** In the order they were made, at most a hundred. */
  async of({ run, unwritten }: RunEnding): Promise<readonly RunToolCall[]> {
    const written = await this.events.ofTypes(run.id, ['tool_call', 'tool_result'], MAX_EVENTS);
    const calls = new Map<string, RunToolCall>();
    for (const { type, data } of [...written, ...unwritten]) {
      if (type === 'tool_call') {
        const { callId, tool, arguments: args, risk } = JSON.parse(data) as RunToolCall;
        const kept = JSON.stringify(args).length <= MAX_ARGUMENTS_CHARACTERS ? { arguments: args } : {};
        calls.set(callId, { callId, tool, ...kept, risk });
      } else if (type === 'tool_result') {
        const { callId, status, durationMs } = JSON.parse(data) as RunToolCall;
        const call = calls.get(callId);
        if (call) calls.set(callId, { ...call, status, durationMs });
      }
    }
    return [...calls.values()].slice(0, MAX_EVENTS / 2);
  }
}
