import type { StartedChild } from '../graph/execution.js';
import { runCancelled } from '../workflow.errors.js';
import { ChildRuns } from './child-runs.js';
import type { Run } from './run.js';

const ROOT = { id: 'root', workspaceId: 'w' } as Run;
const USAGE = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
const TWICE = { inputTokens: 2, outputTokens: 4, totalTokens: 6 };
const RESULT = { status: 'succeeded', output: { text: 'x' }, durationMs: 12, usage: USAGE } as const;

const started = (id: string, parentRunId = 'root'): StartedChild => ({
  id,
  parentRunId,
  index: 0,
  workflow: { name: 'plain', hash: 'h' },
  input: { message: 'Hi' },
  startedAt: new Date('2026-11-23T09:30:00.000Z'),
});

describe('the child runs of a run', () => {
  let children: ChildRuns;
  beforeEach(() => {
    children = new ChildRuns(ROOT);
  });

  it('begin as rows below their root and parent', () => {
    expect(children.begin(['a', 'b'], started('child', 'parent'))).toEqual({
      id: 'child',
      rootRunId: 'root',
      parentRunId: 'parent',
      path: ['a', 'b'],
      status: 'running',
      workflow: { name: 'plain', hash: 'h' },
      input: { message: 'Hi' },
      startedAt: '2026-11-23T09:30:00.000Z',
    });
    expect(children.ids).toEqual(['child']);
  });

  it('end with what came of them, and go on no longer', () => {
    children.begin(['a'], started('child'));
    children.spend(['a', 'model'], USAGE, 0.25);
    children.decide(['a'], { branch: 'x' });
    expect(children.end(['a'], RESULT)).toMatchObject({
      id: 'child',
      status: 'succeeded',
      output: { text: 'x' },
      durationMs: 12,
      usage: USAGE,
      cost: 0.25,
      decision: { branch: 'x' },
      endedAt: expect.any(String),
    });
    expect([children.ids, children.end(['a'], RESULT)]).toEqual([[], undefined]);
  });

  it('are cancelled when they were skipped', () => {
    children.begin(['a'], started('child'));
    expect(children.end(['a'], { ...RESULT, status: 'skipped' })?.status).toBe('cancelled');
  });

  it('each pay for the model calls inside of them, at any depth, and for no others', () => {
    children.begin(['a'], started('outer'));
    children.begin(['a', 'b'], started('inner', 'outer'));
    children.begin(['ab'], started('other'));
    children.spend(['a', 'b', 'model'], USAGE, 1);
    children.spend(['a', 'model'], USAGE, 1);
    expect(['outer', 'inner', 'other', 'none'].map((id) => children.usageOf(id))).toEqual([TWICE, USAGE, null, null]);
    expect(children.end(['a', 'b'], RESULT)?.cost).toBe(1);
    expect(children.end(['a'], RESULT)?.cost).toBe(2);
    expect(children.end(['ab'], RESULT)).toMatchObject({ usage: null, cost: 0 });
  });

  it('have no cost once the price of one of their calls is not known', () => {
    children.begin(['a'], started('child'));
    for (const cost of [1, null, 1]) children.spend(['a'], USAGE, cost);
    expect(children.end(['a'], RESULT)?.cost).toBeNull();
  });

  it('go on with what they had spent in earlier attempts', () => {
    const spent = [
      { path: ['a', 'model'], usage: USAGE, cost: 0.5 },
      { path: ['ab', 'model'], usage: USAGE, cost: 0.5 },
    ];
    children.begin(['a'], started('child'), { spent, toolCalls: [] });
    children.spend(['a', 'model'], USAGE, 0.5);
    expect(children.end(['a'], RESULT)).toMatchObject({ usage: TWICE, cost: 1 });
  });

  it('end alone, for themselves, when they have used the tokens of their definition', () => {
    children.begin(['a'], { ...started('outer'), limits: { maxTokens: 6 } });
    children.begin(['a', 'b'], { ...started('inner', 'outer'), limits: { maxTokens: 3 } });
    children.spend(['a', 'b', 'model'], USAGE, 1);
    expect(children.signalOf('inner').aborted).toBe(false);
    children.hear(['a', 'b', 'model'], 1);
    expect(children.signalOf('inner').reason).toMatchObject({ extensions: { limit: 'maxTokens', value: 3 } });
    expect(children.signalOf('outer').aborted).toBe(false);
    children.spend(['a', 'model'], TWICE, 1);
    expect(children.signalOf('outer').reason).toMatchObject({ extensions: { limit: 'maxTokens', value: 6 } });
  });

  it('make as many tool calls as their definition lets them, over all attempts', () => {
    const used = { spent: [], toolCalls: [['a', 't'], ['ab']] };
    children.begin(['a'], { ...started('outer'), limits: { maxToolCalls: 3 } }, used);
    children.begin(['a', 'b'], { ...started('inner', 'outer'), limits: { maxToolCalls: 1 } });
    expect(children.takeToolCall(['a', 'b', 't'])).toBe(true);
    expect(children.takeToolCall(['a', 'b', 't'])).toBe(false);
    expect(children.takeToolCall(['a', 't'])).toBe(false);
    expect(children.takeToolCall(['c'])).toBe(true);
  });

  it('are cancelled one by one', () => {
    for (const id of ['one', 'two']) children.begin([id], started(id));
    const problem = runCancelled('Enough.');
    children.cancel('one', problem);
    expect(children.signalOf('one').reason).toBe(problem);
    expect(children.signalOf('two').aborted).toBe(false);
  });

  it('are cancelled before they are come to', () => {
    children.cancel('child', runCancelled('Enough.'));
    children.begin(['a'], started('child'));
    expect(children.signalOf('child').aborted).toBe(true);
  });
});
