import { RunJournal } from './run-journal.js';
import type { EventFields, RunEventType } from './run-event.js';
import { unfinishedOf } from './unfinished.js';

/** A log as a journal writes it. */
function log(...events: readonly (readonly [RunEventType, EventFields])[]) {
  const journal = new RunJournal('run', 1);
  return events.flatMap(([type, fields]) => {
    journal.record(type, fields, new Date(0));
    return journal.take();
  });
}

const path = ['model'];
const token = (content: string, messageKey = 'model-1') => ['token', { path, content, messageKey }] as const;

describe('what an interrupted log leaves open', () => {
  it('is nothing before anything was said', () => {
    expect(unfinishedOf(log(['start', {}], ['node_start', { path }]))).toEqual({
      lastSeq: 2,
      openMessages: [],
      startedNodes: new Set(['model']),
      endedNodes: new Set(),
    });
  });

  it('is each message from its first piece on, thoughts included', () => {
    const events = log(
      ['start', {}],
      ['thinking', { path, content: 'Hm', messageKey: 'model-1' }],
      token('a'),
      token('b'),
      token('c', 'model-2'),
    );
    expect(unfinishedOf(events).openMessages).toEqual([
      { messageKey: 'model-1', fromSeq: 2, path },
      { messageKey: 'model-2', fromSeq: 5, path },
    ]);
  });

  it('is only what came after the last reset', () => {
    const reset = ['reset', { path, messageKey: 'model-1', fromSeq: 2 }] as const;
    expect(unfinishedOf(log(['start', {}], token('a'), reset)).openMessages).toEqual([]);
    expect(unfinishedOf(log(['start', {}], token('a'), reset, token('b'))).openMessages).toMatchObject([
      { fromSeq: 4 },
    ]);
  });

  it('is also a message whose node has ended: its model is asked again', () => {
    const events = log(['start', {}], ['node_start', { path }], token('a'), [
      'node_end',
      { path, status: 'succeeded' },
    ]);
    expect(unfinishedOf(events)).toMatchObject({
      openMessages: [{ messageKey: 'model-1', fromSeq: 3 }],
      endedNodes: new Set(['model']),
    });
  });
});
