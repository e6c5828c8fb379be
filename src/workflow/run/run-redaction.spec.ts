import type { GraphEvent } from '../graph/execution.js';
import { ContentGuard } from '../../security/redaction/content-guard.js';
import { ActiveRun } from './active-run.js';
import { RunMemory } from './run-memory.js';
import type { Run } from './run.js';

const RUN = { id: 'r', fence: 1, attempt: 2, executedMs: 0 } as Run;
const BOUNDS = { maxTokens: 100_000, maxToolCalls: 10, maxStepBytes: 1_000_000 };
const EMAIL = 'canary.anna@example.com';

function protectedRun(mode: 'mask' | 'block'): ActiveRun {
  const active = new ActiveRun(RUN, BOUNDS);
  active.protect(new ContentGuard(mode));
  return active;
}

const says = (content: string, messageKey = 'm', path = ['a']): GraphEvent =>
  ({ kind: 'node', path, event: { type: 'token', content, messageKey } }) as GraphEvent;
const ends = (path = ['a']): GraphEvent =>
  ({
    kind: 'nodeEnd',
    path,
    node: { id: 'a', type: 'model' },
    status: 'succeeded',
    durationMs: 1,
    output: {},
  }) as never;
const told = (active: ActiveRun) =>
  active.journal.take().map(({ data }) => JSON.parse(data) as { type: string; content?: string; messageKey?: string });
const said = (active: ActiveRun, key = 'm') =>
  told(active).flatMap(({ content, messageKey }) => (content !== undefined && messageKey === key ? [content] : []));

describe('what a run tells of a workspace that masks', () => {
  it('holds a secret back however it is cut, and tells all the rest', () => {
    for (let cut = 1; cut < EMAIL.length; cut += 1) {
      const active = protectedRun('mask');
      for (const piece of ['Mail ', EMAIL.slice(0, cut), EMAIL.slice(cut), ' now']) active.hear(says(piece));
      active.hear(ends());
      expect(said(active).join('')).toBe('Mail [redacted:email] now');
    }
  });

  it('is told in full at the end of the node, before the node is said to have ended', () => {
    const active = protectedRun('mask');
    active.hear(says(`the last word is ${EMAIL}`));
    active.hear(ends());
    const events = told(active);
    expect(events.map(({ type }) => type)).toEqual(['token', 'node_end']);
    expect(events[0]?.content).toBe('the last word is [redacted:email]');
  });

  it('is told in full at the end of the run, and is its partial output', () => {
    const active = protectedRun('mask');
    active.hear(says('half of a sent'));
    active.endOpen('cancelled', undefined);
    expect(said(active).join('')).toBe('half of a sent');
    expect(active.partialOutput()).toEqual({ text: 'half of a sent' });
  });

  it('mixes up no texts that are told side by side', () => {
    const active = protectedRun('mask');
    active.hear(says('one canary.an', 'm', ['a']));
    active.hear(says('two plain ', 'n', ['b']));
    active.hear(says('na@example.com done', 'm', ['a']));
    active.hear(says('words', 'n', ['b']));
    active.endOpen('succeeded', undefined);
    const events = told(active);
    const of = (key: string) => events.flatMap((event) => (event.messageKey === key ? [event.content] : [])).join('');
    expect([of('m'), of('n')]).toEqual(['one [redacted:email] done', 'two plain words']);
  });

  it('forgets what was held back of a message that is void', () => {
    const active = protectedRun('mask');
    active.hear(says('Mail canary.an'));
    const problem = { detail: 'again' };
    active.hear({ kind: 'retry', path: ['a'], attempt: 2, delayMs: 1, problem } as never);
    active.hear(says('anna said hello'));
    active.hear(ends());
    const events = told(active);
    expect(events.map(({ type }) => type)).toEqual(['token', 'reset', 'note', 'token', 'node_end']);
    expect(events[3]?.content).toBe('anna said hello');
  });

  it('goes on after a crash with the message told anew', () => {
    const first = protectedRun('mask');
    first.hear(says('Mail canary.an'));
    const memory = new RunMemory();
    const logged = first.journal.take();
    memory.read(logged.map((event) => ({ ...event, result: null })));
    const second = protectedRun('mask');
    second.resume(memory);
    for (const piece of ['Mail canary.an', 'na@example.com', ' ok']) second.hear(says(piece));
    second.hear(ends());
    const events = told(second);
    expect(events.map(({ type }) => type)).toEqual(['note', 'reset', 'token', 'node_end']);
    expect(events[2]?.content).toBe('Mail [redacted:email] ok');
    expect(second.partialOutput()).toEqual({ text: 'Mail [redacted:email] ok' });
  });

  it('shows no arguments and results of tools, no outputs and no problems as they are', () => {
    const active = protectedRun('mask');
    const node = (event: object): GraphEvent => ({ kind: 'node', path: ['a'], event }) as GraphEvent;
    active.hear(node({ type: 'tool_call', callId: 'c', tool: 'mail', arguments: { to: EMAIL } }));
    active.hear(node({ type: 'tool_result', callId: 'c', status: 'ok', result: [EMAIL], durationMs: 1 }));
    active.hear({
      ...ends(),
      output: { mail: EMAIL },
      problem: { detail: EMAIL },
      input: { EMAIL },
      result: {},
    } as never);
    const events = active.journal.take();
    expect(events.map(({ data }) => data).join('')).not.toContain(EMAIL);
    expect(events.at(-1)).toMatchObject({ isConfidential: true });
    expect(events.at(-1)?.result).toContain(EMAIL);
  });
});

describe('a run of a workspace that blocks', () => {
  it('is stopped before the secret is said', () => {
    const active = protectedRun('block');
    for (const piece of ['Mail ', EMAIL.slice(0, 5), EMAIL.slice(5), ' and more']) active.hear(says(piece));
    active.hear(ends());
    expect(active.signal.reason).toMatchObject({ type: { slug: 'content-blocked' }, extensions: { kinds: ['email'] } });
    expect(said(active).join('')).toBe('Mail ');
  });

  it('does not come to an output with a secret', () => {
    expect(() => protectedRun('block').admitted({ text: EMAIL })).toThrow(/holds email/);
  });
});

describe('a run of any other workspace', () => {
  it('tells everything as it is', () => {
    const active = new ActiveRun(RUN, BOUNDS);
    active.protect(undefined);
    active.hear(says(EMAIL));
    expect(said(active)).toEqual([EMAIL]);
    expect(active.admitted(EMAIL)).toBe(EMAIL);
  });
});
