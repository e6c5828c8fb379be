import { redactValue } from '../../security/redaction/redact-value.js';
import type { TokenUsage } from '../../llm/chat-model.js';
import type { ProblemBody } from '../../platform/problem/problem.js';
import type { KeptEvent } from './event.repository.js';
import type { KeptResult } from './run-memory.js';
import { sum } from './token-sum.js';

/** What a run's log says of one node. */
export interface RunStep {
  /** Its path joined by /. */
  readonly id: string;
  readonly path: readonly string[];
  readonly nodeId: string;
  readonly nodeType: string;
  readonly title: string;
  readonly status: 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled';
  readonly input?: unknown;
  readonly output?: unknown;
  readonly problem?: ProblemBody;
  readonly explanation?: unknown;
  readonly attempts: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  readonly usage: TokenUsage | null;
  /** Numbers of its first and last event. */
  readonly seq: number;
  readonly endSeq?: number;
}

interface EventData extends TokenUsage {
  readonly at: string;
  readonly path?: readonly string[];
  readonly nodeId: string;
  readonly nodeType: string;
  readonly title: string;
  readonly status: RunStep['status'];
  readonly durationMs: number;
  readonly output?: unknown;
  readonly problem?: ProblemBody;
  readonly explanation?: unknown;
  readonly code?: string;
}

/** The steps of a run in the order they began: a fold of its log. */
export class RunSteps {
  private readonly steps = new Map<string, RunStep>();

  get all(): readonly RunStep[] {
    return [...this.steps.values()];
  }

  read(events: readonly KeptEvent[]): void {
    for (const event of events) if (TOLD.has(event.type)) this.take(event, JSON.parse(event.data) as EventData);
  }

  private take({ seq, type, result, isConfidential }: KeptEvent, data: EventData): void {
    const { path = [], at, nodeId, nodeType, title } = data;
    const id = path.join('/');
    const known = this.steps.get(id);
    if (type === 'node_start') {
      const begun = { status: 'running' as const, attempts: 1, startedAt: at, usage: null, seq };
      if (!known) this.steps.set(id, { id, path, nodeId, nodeType, title, ...begun });
      else this.steps.set(id, { ...known, status: 'running', attempts: known.attempts + 1 });
      return;
    }
    if (!known) return;
    switch (type) {
      case 'node_end': {
        const { status, durationMs, problem, explanation } = data;
        const kept = result === null ? ({} as KeptResult) : (JSON.parse(result) as KeptResult);
        const { input, step } = isConfidential ? redactValue(kept) : kept;
        const output = step ? step.output : data.output;
        const ended = { status, input, output, problem, explanation, durationMs, endedAt: at, endSeq: seq };
        this.steps.set(id, { ...known, ...ended });
        return;
      }
      case 'approval_required':
        this.steps.set(id, { ...known, status: 'waiting' });
        return;
      case 'approval_decided':
        this.steps.set(id, { ...known, status: 'running' });
        return;
      case 'note':
        if (data.code === 'retry') this.steps.set(id, { ...known, attempts: known.attempts + 1 });
        return;
      case 'usage': {
        const { inputTokens, outputTokens, totalTokens } = data;
        const usage = sum(known.usage ?? undefined, { inputTokens, outputTokens, totalTokens });
        this.steps.set(id, { ...known, usage });
        return;
      }
      default:
        return;
    }
  }
}

const TOLD: ReadonlySet<string> = new Set([
  'node_start',
  'node_end',
  'approval_required',
  'approval_decided',
  'note',
  'usage',
]);
