import { ActiveRun } from './active-run.js';
import type { KeptEvent } from './event.repository.js';
import type { EventFields, RunEventType } from './run-event.js';
import { RunJournal } from './run-journal.js';
import { RunMemory, type KeptResult } from './run-memory.js';
import type { Run } from './run.js';

type Told = readonly [RunEventType, EventFields, KeptResult?];

const AT = new Date('2026-11-23T09:30:00.000Z');

/** A log as a journal writes it. */
function log(...events: readonly Told[]): readonly KeptEvent[] {
  const journal = new RunJournal('run', 1);
  return events.flatMap(([type, fields, result]) => {
    journal.record(type, fields, AT, result && { result: JSON.stringify(result) });
    return journal.take().map((event) => ({ ...event, result: event.result ?? null }));
  });
}

function memoryOf(...events: readonly Told[]): RunMemory {
  const memory = new RunMemory();
  memory.read(log(...events));
  return memory;
}

const path = ['model'];
const started = (...at: readonly string[]): Told => ['node_start', { path: at }];
const ended = (at: readonly string[], output: unknown, status: 'succeeded' | 'failed' = 'succeeded'): Told => [
  'node_end',
  { path: at, status },
  { step: { status, output } },
];
const token = (content: string, messageKey = 'model-1'): Told => ['token', { path, content, messageKey }];

describe('what an interrupted log tells whoever goes on', () => {
  it('is how often the run was put aside, which counts as no claim of its own', () => {
    const aside = (code: string): Told => ['note', { code, detail: 'Later.' }];
    const memory = memoryOf(started('model'), aside('waiting'), aside('resumed'), aside('paused'), aside('waiting'));
    const active = new ActiveRun({ id: 'run', fence: 5 } as Run, { maxTokens: 1, maxToolCalls: 1, maxStepBytes: 1 });
    active.remember(memory);
    expect([memory.asides, active.claims]).toEqual([3, 2]);
  });

  it('is what was answered from the cache, also where the node has ended', () => {
    const hit: Told = ['note', { path, code: 'cache-hit', detail: 'Again.', ageMs: 40, model: 'a:b' }];
    const memory = memoryOf(started('model'), token('Hi'), hit, ended(path, { text: 'Hi' }));
    expect(memory.cacheHits).toEqual([{ ageMs: 40, model: 'a:b' }]);
    expect(memory.spent).toEqual([]);
  });

  it('is nothing before anything was said', () => {
    const memory = memoryOf(['start', {}], started('model'));
    expect([memory.lastSeq, memory.openMessages, memory.toolCalls, memory.spent]).toEqual([2, [], [], []]);
    expect([memory.hasStarted(path), memory.hasEnded(path)]).toEqual([true, false]);
    expect(memory.recall(path)).toEqual({ startedAt: AT });
    expect(memory.recall(['other'])).toBeUndefined();
  });

  it('is the same whatever the pages it is read in', () => {
    const events = log(['start', {}], started('model'), token('a'), token('b'), ended(['model'], { text: 'ab' }));
    const whole = new RunMemory();
    whole.read(events);
    const paged = new RunMemory();
    for (const event of events) paged.read([event]);
    expect(paged).toEqual(whole);
  });

  describe('of messages', () => {
    it('is each that is open, from its first piece on, thoughts included', () => {
      const thinking: Told = ['thinking', { path, content: 'Hm', messageKey: 'model-1' }];
      const memory = memoryOf(['start', {}], thinking, token('a'), token('b'), token('c', 'model-2'));
      expect(memory.openMessages).toEqual([
        { messageKey: 'model-1', fromSeq: 2, path },
        { messageKey: 'model-2', fromSeq: 5, path },
      ]);
      expect([...memory.texts.values()]).toEqual(['ab', 'c']);
    });

    it('is only what came after the last reset', () => {
      const reset: Told = ['reset', { path, messageKey: 'model-1', fromSeq: 2 }];
      const taken = memoryOf(['start', {}], token('a'), reset);
      expect([taken.openMessages, [...taken.texts]]).toEqual([[], []]);
      const again = memoryOf(['start', {}], token('a'), reset, token('b'));
      expect([again.openMessages, [...again.texts.values()]]).toEqual([
        [{ messageKey: 'model-1', fromSeq: 4, path }],
        ['b'],
      ]);
    });

    it('is none of a node that has ended: its result answers, and what it has said stands', () => {
      const memory = memoryOf(['start', {}], started('model'), token('a'), ended(['model'], { text: 'a' }));
      expect([memory.openMessages, [...memory.texts.values()]]).toEqual([[], ['a']]);
      expect(memory.hasEnded(path)).toBe(true);
    });

    it('tells apart those of nodes whose message has the same key', () => {
      const other: Told = ['token', { path: ['model', 'inner'], content: 'x', messageKey: 'model-1' }];
      const memory = memoryOf(token('a'), other, ended(['model'], 1));
      expect(memory.openMessages).toEqual([{ messageKey: 'model-1', fromSeq: 2, path: ['model', 'inner'] }]);
      expect([...memory.texts.values()]).toEqual(['a', 'x']);
    });
  });

  describe('of steps', () => {
    it('is what each that has ended left behind, and when the others began', () => {
      const memory = memoryOf(started('a'), ended(['a'], { x: 1 }), started('b'), ended(['b'], 'why', 'failed'));
      expect(memory.recall(['a'])).toEqual({
        startedAt: AT,
        hasEnded: true,
        result: { status: 'succeeded', output: { x: 1 } },
      });
      expect(memory.recall(['b'])?.result).toEqual({ status: 'failed', output: 'why' });
    });

    it('is no result of one that is cheaper to repeat, but that it has ended', () => {
      const memory = memoryOf(started('set'), ['node_end', { path: ['set'], status: 'succeeded' }]);
      expect([memory.recall(['set']), memory.hasEnded(['set'])]).toEqual([{ startedAt: AT, hasEnded: true }, true]);
    });

    it('is nothing of what was inside of one that is tried again, and nothing of what it asked for', () => {
      const asked: Told = ['approval_required', { path: ['call', 'ask'], key: 'k', approvalId: 'old', expiresAt: '' }];
      const before = [
        started('call'),
        ['child_start', { path: ['call'], childRunId: 'first' }],
        started('call', 'x'),
        asked,
        ended(['call', 'x'], 1, 'failed'),
        started('caller'),
        ended(['caller'], 'kept'),
        ['child_end', { path: ['call'] }, { child: { status: 'failed', durationMs: 1, usage: null } }],
      ] as const;
      expect(memoryOf(...before).recall(['call'])).toMatchObject({ childRunId: 'first', child: { status: 'failed' } });
      const memory = memoryOf(...before, ['note', { path: ['call'], code: 'retry' }]);
      expect(memory.recall(['call'])).toEqual({ startedAt: AT });
      expect(memory.recall(['call', 'x'])).toBeUndefined();
      expect([memory.hasStarted(['call']), memory.hasStarted(['call', 'x'])]).toEqual([true, false]);
      expect(memory.hasEnded(['call', 'x'])).toBe(false);
      expect(memory.approval(['call', 'ask'], 'k')).toBeUndefined();
      expect(memory.recall(['caller'])?.result?.output).toBe('kept');
      const other = memoryOf(...before, ['note', { path: ['call'], code: 'memory-trimmed' }]);
      expect(other.recall(['call', 'x'])?.result).toBeDefined();
    });

    it('is the second attempt’s result, once there is one', () => {
      const memory = memoryOf(started('call', 'x'), ended(['call', 'x'], 1, 'failed'), [
        'note',
        { path: ['call'], code: 'retry' },
      ]);
      memory.read(log(started('call', 'x'), ended(['call', 'x'], 2)));
      expect(memory.recall(['call', 'x'])?.result).toEqual({ status: 'succeeded', output: 2 });
    });
  });

  it('is which child run began where and what it came to', () => {
    const child = { status: 'succeeded', output: 7, durationMs: 3, usage: null } as const;
    const begun: Told = ['child_start', { path: ['c'], childRunId: 'child' }];
    expect(memoryOf(begun).recall(['c'])).toEqual({ childRunId: 'child', childStartedAt: AT });
    expect(memoryOf(begun, ['child_end', { path: ['c'] }, { child }]).recall(['c'])?.child).toEqual(child);
  });

  it('is which approvals were asked for by whom, and of which the log tells the decision', () => {
    const asked = (approvalId: string, key: string): Told => [
      'approval_required',
      { path, key, approvalId, expiresAt: '2026-11-24T00:00:00.000Z' },
    ];
    const memory = memoryOf(asked('one', 'a'), asked('two', 'b'), ['approval_decided', { path, approvalId: 'one' }]);
    expect(memory.approval(path, 'a')).toEqual({ id: 'one', expiresAt: new Date('2026-11-24T00:00:00.000Z') });
    expect(memory.approval(path, 'b')?.id).toBe('two');
    expect([memory.approval(path, 'c'), memory.approval(['other'], 'a')]).toEqual([undefined, undefined]);
    expect([memory.isTold('one'), memory.isTold('two')]).toEqual([true, false]);
  });

  it('is what was spent, and how many tools were called', () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    const memory = memoryOf(
      ['usage', { path, ...usage, cost: 0.5, model: 'm' }],
      ['tool_call', { path }],
      ['tool_call', { path }],
    );
    expect(memory.spent).toEqual([{ path, usage, cost: 0.5, model: 'm' }]);
    expect(memory.toolCalls).toHaveLength(2);
  });
});
