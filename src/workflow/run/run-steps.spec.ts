import fc from 'fast-check';
import type { KeptEvent } from './event.repository.js';
import type { EventFields, RunEventType } from './run-event.js';
import { RunJournal } from './run-journal.js';
import type { KeptResult } from './run-memory.js';
import { RunSteps, type RunStep } from './run-steps.js';

type Told = readonly [RunEventType, EventFields, KeptResult?];

const USAGE = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };

function log(...events: readonly Told[]): readonly KeptEvent[] {
  const journal = new RunJournal('run', 1);
  return events.flatMap(([type, fields, result], index) => {
    journal.record(type, fields, new Date(index * 1_000), result && { result: JSON.stringify(result) });
    return journal.take().map((event) => ({ ...event, result: event.result ?? null }));
  });
}

function stepsOf(...events: readonly Told[]): readonly RunStep[] {
  const steps = new RunSteps();
  steps.read(log(...events));
  return steps.all;
}

const start = (...path: readonly string[]): Told => [
  'node_start',
  { path, nodeId: path.at(-1), nodeType: 'model', title: 'A title' },
];
const end = (path: readonly string[], more: object = {}, result?: KeptResult): Told => [
  'node_end',
  { path, status: 'succeeded', durationMs: 5, output: 'preview', ...more },
  result,
];

describe('the steps of a run', () => {
  it('are what began, in that order, running until they end', () => {
    expect(stepsOf(['start', {}], start('a'), start('b', 'c'), ['complete', {}])).toEqual([
      expect.objectContaining({ id: 'a', path: ['a'], nodeId: 'a', nodeType: 'model', title: 'A title', seq: 2 }),
      expect.objectContaining({
        id: 'b/c',
        path: ['b', 'c'],
        nodeId: 'c',
        status: 'running',
        attempts: 1,
        usage: null,
      }),
    ]);
  });

  it('end with what they were given and what they made, whole where the event only shows a part', () => {
    const [whole, part] = stepsOf(
      start('a'),
      start('b'),
      end(['a'], {}, { input: { prompt: 'x' }, step: { status: 'succeeded', output: { text: 'whole' } } }),
      end(['b']),
    );
    expect(whole).toMatchObject({ status: 'succeeded', input: { prompt: 'x' }, output: { text: 'whole' } });
    expect(whole).toMatchObject({ startedAt: new Date(0).toISOString(), endedAt: new Date(2_000).toISOString() });
    expect(whole).toMatchObject({ seq: 1, endSeq: 3, durationMs: 5 });
    expect(part).toMatchObject({ output: 'preview', endSeq: 4 });
  });

  it('fail with their problem, and tell why they decided', () => {
    const problem = { type: '/problems/x', title: 'X', status: 500, detail: 'x' };
    const [step] = stepsOf(start('a'), end(['a'], { status: 'failed', problem, explanation: { branch: 'b' } }));
    expect(step).toMatchObject({ status: 'failed', problem, explanation: { branch: 'b' } });
  });

  it('wait while a person is asked', () => {
    const asked: Told = ['approval_required', { path: ['a'] }];
    expect(stepsOf(start('a'), asked)[0]?.status).toBe('waiting');
    expect(stepsOf(start('a'), asked, ['approval_decided', { path: ['a'] }])[0]?.status).toBe('running');
  });

  it('count how often they were tried, by their own notes and by beginning again', () => {
    const retry: Told = ['note', { path: ['a'], code: 'retry' }];
    const [outer, inner] = stepsOf(
      start('a'),
      start('a', 'b'),
      end(['a', 'b'], { status: 'failed' }),
      retry,
      start('a', 'b'),
      ['note', { path: ['a'], code: 'other' }],
    );
    expect([outer?.attempts, outer?.status]).toEqual([2, 'running']);
    expect([inner?.attempts, inner?.status, inner?.seq]).toEqual([2, 'running', 2]);
  });

  it('sum up the tokens of their own model calls, and not of what is inside of them', () => {
    const [outer, inner] = stepsOf(
      start('a'),
      start('a', 'b'),
      ['usage', { path: ['a', 'b'], ...USAGE }],
      ['usage', { path: ['a', 'b'], ...USAGE }],
    );
    expect([outer?.usage, inner?.usage]).toEqual([null, { inputTokens: 2, outputTokens: 4, totalTokens: 6 }]);
  });

  it('are none of what never began', () => {
    expect(stepsOf(end(['a']), ['note', { path: ['a'], code: 'retry' }], ['usage', { path: ['a'], ...USAGE }])).toEqual(
      [],
    );
  });

  it('are the same whatever the pages the log is read in', () => {
    const path = fc.constantFrom(['a'], ['b'], ['a', 'b']);
    const told = path.chain((at) =>
      fc.constantFrom<Told>(
        start(...at),
        end(at),
        ['note', { path: at, code: 'retry' }],
        ['usage', { path: at, ...USAGE }],
        ['approval_required', { path: at }],
        ['approval_decided', { path: at }],
        ['token', { path: at, content: 'x', messageKey: 'm' }],
      ),
    );
    fc.assert(
      fc.property(fc.array(told, { maxLength: 30 }), fc.nat(30), (events, cut) => {
        const all = log(...events);
        const paged = new RunSteps();
        paged.read(all.slice(0, cut));
        paged.read(all.slice(cut));
        expect(paged.all).toEqual(stepsOf(...events));
        expect(paged.all.map(({ seq }) => seq)).toEqual(paged.all.map(({ seq }) => seq).toSorted((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });
});
