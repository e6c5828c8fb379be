import type { GraphEvent } from '../graph/execution.js';
import { ActiveRun } from './active-run.js';
import type { NewEvent } from './run-event.js';
import { RunMemory } from './run-memory.js';
import type { Run } from './run.js';

const BOUNDS = { maxTokens: Infinity, maxToolCalls: Infinity, maxStepBytes: Infinity };
const USAGE = { inputTokens: 3, outputTokens: 8, totalTokens: 11 };
const NODE = { id: 'model', type: 'model', config: {} };
const PATH = ['model'];

const started: GraphEvent = { kind: 'nodeStart', path: PATH, node: NODE };
const token: GraphEvent = { kind: 'node', path: PATH, event: { type: 'token', content: 'Hello', messageKey: 'm' } };
const usage = (streamMs?: number): GraphEvent => ({
  kind: 'node',
  path: PATH,
  event: { type: 'usage', usage: USAGE, cost: null, model: 'a:b', streamMs },
});

const runOf = (ageMs: number, parts: Partial<Run> = {}): Run =>
  ({ id: 'r', fence: 1, executedMs: 0, attempt: 1, createdAt: new Date(Date.now() - ageMs), ...parts }) as Run;
const resumed = (run: Run, log: readonly NewEvent[]): ActiveRun => {
  const memory = new RunMemory();
  memory.read(log.map((event) => ({ ...event, result: event.result ?? null })));
  const active = new ActiveRun(run, BOUNDS);
  active.resume(memory);
  return active;
};

describe('what a run tells the statistics', () => {
  it('is when a model said something first, counted from the acceptance of the run', () => {
    const active = new ActiveRun(runOf(5_000), BOUNDS);
    active.hear(started);
    expect(active.firstTokenMs).toBeUndefined();
    active.hear(token);
    expect(active.firstTokenMs).toBeGreaterThanOrEqual(5_000);
    const first = active.firstTokenMs;
    active.hear({ ...token });
    expect(active.firstTokenMs).toBe(first);
  });

  it('is of the attempt that said it, when a later one ends the run', () => {
    const run = runOf(5_000);
    const active = new ActiveRun(run, BOUNDS);
    for (const event of [started, token]) active.hear(event);
    const log = active.journal.take();
    const later = resumed({ ...run, attempt: 2 }, log);
    later.hear(token);
    expect(later.firstTokenMs).toBe(active.firstTokenMs);
  });

  it('is nothing that an earlier run said of which this is a rerun', () => {
    const earlier = new ActiveRun(runOf(5_000), BOUNDS);
    for (const event of [started, token]) earlier.hear(event);
    const rerun = resumed(runOf(-60_000), earlier.journal.take());
    expect(rerun.firstTokenMs).toBeUndefined();
  });

  it('is how fast answers streamed that came in several pieces, and stands in no log', () => {
    const active = new ActiveRun(runOf(0), BOUNDS);
    for (const event of [started, token, usage(250), usage(), usage(750)]) active.hear(event);
    expect(active.streamed).toEqual({ tokens: 16, ms: 1_000 });
    const log = active.journal.take().map(({ data }) => data);
    expect(log.filter((data) => data.includes('"usage"'))).toHaveLength(3);
    expect(log.join()).not.toContain('streamMs');
  });
});
