import fc from 'fast-check';
import type { ChildState, EventFields, LoggedEvent, RunEventType } from './run-event.js';
import { RunJournal } from './run-journal.js';

const AT = new Date('2026-11-23T09:30:00.000Z');
const LATER = new Date('2026-11-23T09:30:01.000Z');
const MAX_EVENT_BYTES = 262_144;

interface Recorded {
  readonly type: RunEventType;
  readonly fields: EventFields;
}

const textual = fc.record({
  type: fc.constantFrom<RunEventType>('token', 'thinking'),
  fields: fc.record({
    content: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud83d', '\ude00', '😀')),
    messageKey: fc.constantFrom('a', 'b'),
    path: fc.constantFrom(['one'], ['one', 'two']),
  }),
});
const other = fc.record({
  type: fc.constantFrom<RunEventType>('note', 'node_start', 'usage'),
  fields: fc.record({ path: fc.constantFrom(['one'], ['two']), detail: fc.string() }),
});
const recorded: fc.Arbitrary<Recorded> = fc.oneof({ weight: 3, arbitrary: textual }, other);

/** What a reader makes of events: each as it is, but text of one message in one piece while nothing else of its path comes between. */
function told(events: readonly Recorded[]): readonly Recorded[] {
  const result: Recorded[] = [];
  const lastOfPath = new Map<string, number>();
  for (const { type, fields } of events) {
    const path = JSON.stringify(fields.path);
    const at = lastOfPath.get(path) ?? -1;
    const last = result[at];
    const isText = type === 'token' || type === 'thinking';
    if (last && isText && last.type === type && last.fields.messageKey === fields.messageKey) {
      const content = String(last.fields.content) + String(fields.content);
      result[at] = { type, fields: { ...last.fields, content } };
    } else lastOfPath.set(path, result.push({ type, fields }) - 1);
  }
  return result;
}

const parsed = ({ data }: LoggedEvent): Record<string, unknown> => JSON.parse(data) as Record<string, unknown>;

function read(event: LoggedEvent): Recorded {
  const { type, seq: _, runId: __, at: ___, ...fields } = parsed(event);
  return { type: type as RunEventType, fields };
}

describe('the journal of a run', () => {
  const token = (journal: RunJournal, content: string, messageKey = 'm', path = ['model']) =>
    journal.record('token', { content, messageKey, path }, AT);

  it('numbers without gaps and loses, repeats and reorders nothing, whenever it is taken', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(recorded, fc.constant('take' as const))), fc.nat(1_000), (acts, before) => {
        const journal = new RunJournal('r', 1);
        journal.continueAfter(before);
        const logged: LoggedEvent[] = [];
        for (const act of acts) {
          if (act === 'take') logged.push(...journal.take());
          else journal.record(act.type, act.fields, AT);
        }
        logged.push(...journal.take());
        expect(logged.map(({ seq }) => seq)).toEqual(logged.map((_, index) => before + index + 1));
        const given = acts.filter((act) => act !== 'take');
        expect(told(logged.map(read))).toEqual(
          told(given.map(({ type, fields }) => ({ type, fields: { ...fields } }))),
        );
        expect(journal.draft('complete', {}, AT).seq).toBe(before + logged.length + 1);
      }),
      { numRuns: 300 },
    );
  });

  it('writes each event as the wire shows it', () => {
    const journal = new RunJournal('r', 1);
    journal.record('note', { path: ['a'], code: 'x', detail: 'é' }, AT);
    expect(journal.take()).toEqual([
      {
        seq: 1,
        type: 'note',
        data: '{"type":"note","seq":1,"runId":"r","at":"2026-11-23T09:30:00.000Z","path":["a"],"code":"x","detail":"é"}',
      },
    ]);
  });

  it('puts text of one message that waits together into one event, of the time of its first piece', () => {
    const journal = new RunJournal('r', 1);
    for (const content of ['Hel', 'lo', '\ud83d', '\ude00']) token(journal, content);
    journal.record('token', { content: '!', messageKey: 'm', path: ['model'] }, LATER);
    const events = journal.take();
    expect(events).toHaveLength(1);
    expect(parsed(events[0]!)).toMatchObject({ content: 'Hello😀!', at: AT.toISOString() });
  });

  it.each<[string, RunEventType, EventFields]>([
    ['another message', 'token', { content: 'b', messageKey: 'n', path: ['model'] }],
    ['thoughts', 'thinking', { content: 'b', messageKey: 'm', path: ['model'] }],
  ])('keeps text apart from %s', (_, type, fields) => {
    const journal = new RunJournal('r', 1);
    token(journal, 'a');
    journal.record(type, fields, AT);
    token(journal, 'c');
    expect(journal.take().map((event) => parsed(event).content)).toEqual(['a', 'b', 'c']);
  });

  it('puts the text of nodes that speak at once together for each of them, up to what else its node tells', () => {
    const journal = new RunJournal('r', 1);
    for (const word of ['a', 'b', 'c']) for (const node of ['one', 'two']) token(journal, word, 'm', [node]);
    journal.record('note', { path: ['one'] }, AT);
    for (const node of ['one', 'two', 'one']) token(journal, 'd', 'm', [node]);
    expect(journal.take().map((event) => [parsed(event).path, event.seq, parsed(event).content])).toEqual([
      [['one'], 1, 'abc'],
      [['two'], 2, 'abcd'],
      [['one'], 3, undefined],
      [['one'], 4, 'dd'],
    ]);
  });

  it('tells nodes apart whose paths read alike', () => {
    const journal = new RunJournal('r', 1);
    for (const path of [['a'], ['a', 'b'], ['b']]) token(journal, 'x', 'm', path);
    expect(journal.take()).toHaveLength(3);
  });

  it('answers the number of the event that holds what was recorded', () => {
    const journal = new RunJournal('r', 1);
    expect([token(journal, 'a'), token(journal, 'b', 'm', ['two']), token(journal, 'c')]).toEqual([1, 2, 1]);
    expect(token(journal, 'x'.repeat(40_000), 'm', ['three'])).toBe(3);
    expect(journal.record('note', {}, AT)).toBe(6);
  });

  it('keeps what is stored beside an event out of what readers see', () => {
    const journal = new RunJournal('r', 1);
    const child = { id: 'c' } as ChildState;
    journal.record('child_end', { path: ['a'] }, AT, { result: '{"child":{"status":"succeeded"}}', child });
    journal.record('node_end', { path: ['a'] }, AT, { result: 'null' });
    const [first, second] = journal.take();
    expect(first).toMatchObject({ result: '{"child":{"status":"succeeded"}}', child });
    expect(first!.data).not.toContain('succeeded');
    expect(second!.result).toBe('null');
  });

  it('does not add to what was taken', () => {
    const journal = new RunJournal('r', 1);
    token(journal, 'a');
    const taken = journal.take();
    token(journal, 'b');
    expect(parsed(taken[0]!).content).toBe('a');
    expect(journal.take().map((event) => [event.seq, parsed(event).content])).toEqual([[2, 'b']]);
  });

  it('makes no event too large to be stored, whatever a model says at once, and cuts no character', () => {
    const piece = fc.tuple(fc.constantFrom('x', '\u0001', '😀', 'a😀'), fc.integer({ min: 1, max: 60_000 }));
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
        const journal = new RunJournal('r', 1);
        const texts = pieces.map(([unit, count]) => unit.repeat(count));
        for (const text of texts) token(journal, text);
        const events = journal.take();
        expect(events.every(({ data }) => Buffer.byteLength(data) <= MAX_EVENT_BYTES)).toBe(true);
        const contents = events.map((event) => String(parsed(event).content));
        expect(contents.join('') === texts.join('')).toBe(true);
        expect(contents.every((content) => content.isWellFormed())).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('is full with more than a megabyte of text or 2,000 events, until it is taken', () => {
    const journal = new RunJournal('r', 1);
    for (let index = 0; index < 1_024; index += 1) token(journal, 'x'.repeat(1_024));
    expect(journal.isFull).toBe(false);
    token(journal, 'x');
    expect(journal.isFull).toBe(true);
    journal.take();
    expect([journal.isFull, journal.isEmpty]).toEqual([false, true]);
    for (let index = 0; index < 2_000; index += 1) journal.record('note', {}, AT);
    expect(journal.isFull).toBe(false);
    journal.record('note', {}, AT);
    expect(journal.isFull).toBe(true);
  });

  it('drafts what would follow without recording it', () => {
    const journal = new RunJournal('r', 1);
    journal.record('note', {}, AT);
    expect(journal.draft('complete', { output: 1 }, AT)).toEqual(journal.draft('complete', { output: 1 }, AT));
    expect(journal.draft('complete', {}, AT)).toMatchObject({ seq: 2, type: 'complete' });
    expect(journal.take()).toHaveLength(1);
  });

  it('has news when something waits that a reader should see at once', () => {
    const journal = new RunJournal('r', 1);
    expect(journal.hasNews).toBe(false);
    journal.record('node_start', {}, AT);
    expect(journal.hasNews).toBe(false);
    token(journal, 'a');
    expect(journal.hasNews).toBe(true);
    journal.take();
    expect(journal.hasNews).toBe(false);
  });
});
