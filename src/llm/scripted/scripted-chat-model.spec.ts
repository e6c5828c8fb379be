import { approximateTokens } from '../approximate-tokens.js';
import type { ChatDelta, ChatRequest } from '../chat-model.js';
import { Problem } from '../../platform/problem/problem.js';
import { ScriptedChatModel } from './scripted-chat-model.js';

const instant = new ScriptedChatModel({ tokenMs: 0, directives: true });

describe('ScriptedChatModel', () => {
  it('streams tokens, then usage and finish', async () => {
    const { deltas, text } = await hear(instant, 'Hello there, how are you today?');
    expect(deltas.filter(({ type }) => type === 'text').length).toBeGreaterThan(10);
    const outputTokens = approximateTokens(text);
    const inputTokens = approximateTokens('Hello there, how are you today?');
    expect(deltas.slice(-2)).toEqual([
      { type: 'usage', usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens } },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('says the same for the same request', async () => {
    expect(await hear(instant, 'Hello')).toEqual(await hear(instant, 'Hello'));
  });

  it('keeps the pace', async () => {
    const earliest: number[] = [];
    const pieces: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const started = performance.now();
      const times: number[] = [];
      for await (const batch of instant.stream(request('[[tokens=10]] [[slow=100]]')))
        if (batch.some(({ type }) => type === 'text')) times.push(performance.now() - started);
      expect(times.at(-1)).toBeGreaterThanOrEqual(980);
      pieces.push(times.length);
      earliest.push(times[0]! / times.at(-1)!);
    }
    // A machine that is held up in one round is not in all of them.
    expect(Math.max(...pieces)).toBeGreaterThan(3);
    expect(Math.min(...earliest)).toBeLessThan(0.8);
  });

  it('brings many tokens at once when there is no pace', async () => {
    const { batches, deltas } = await hear(instant, '[[tokens=2500]]');
    expect(deltas.filter(({ type }) => type === 'text')).toHaveLength(2_500);
    expect(batches).toBe(4);
    expect(deltas.at(-2)).toMatchObject({ usage: { outputTokens: 2_500 } });
  });

  it('ends at the limit of tokens', async () => {
    const { deltas } = await hear(instant, 'Hello', { maxTokens: 3 });
    expect(deltas.filter(({ type }) => type === 'text')).toHaveLength(3);
    expect(deltas.at(-1)).toEqual({ type: 'finish', reason: 'length' });
  });

  it('thinks aloud on demand', async () => {
    const { deltas } = await hear(instant, '[[think]] Hello');
    expect(deltas[0]?.type).toBe('thinking');
  });

  it.each([
    ['[[fail]]', 'model-unavailable', 0],
    ['[[fail:after=5]]', 'model-unavailable', 5],
    ['[[fail=timeout]]', 'model-timeout', 0],
    ['[[fail=authentication]]', 'model-authentication-failed', 0],
    ['[[fail=rejected]]', 'model-rejected', 0],
    ['[[cut:after=5]]', 'model-stream-broken', 5],
    ['[[rate-limit=3]]', 'model-rate-limited', 0],
  ])('obeys %s', async (directive, slug, delivered) => {
    const { problem, deltas } = await failure(instant, `${directive} [[tokens=20]]`);
    expect([problem.type.slug, deltas.length]).toEqual([slug, delivered]);
    if (slug === 'model-rate-limited') expect(problem.headers['Retry-After']).toBe('3');
  });

  it('stalls until it is aborted, with the reason of the abort', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 30);
    const deltas: ChatDelta[] = [];
    const read = async () => {
      for await (const batch of instant.stream({ ...request('[[stall:after=4]]'), signal: abort.signal }))
        deltas.push(...batch);
    };
    await expect(read()).rejects.toBe(reason);
    expect(deltas).toHaveLength(4);
  });

  it('stops in the middle of its pace when it is aborted', async () => {
    const slow = new ScriptedChatModel({ tokenMs: 60_000, directives: true });
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 20);
    await expect(Array.fromAsync(slow.stream({ ...request('Hello'), signal: abort.signal }))).rejects.toThrow('enough');
  });

  it('takes directives for text when they are off', async () => {
    const { text } = await hear(new ScriptedChatModel({ tokenMs: 0, directives: false }), '[[fail]]');
    expect(text).toContain('[[fail]]');
  });
});

function request(content: string, more: Partial<ChatRequest> = {}): ChatRequest {
  return { model: 'default', messages: [{ role: 'user', content }], signal: new AbortController().signal, ...more };
}

async function hear(model: ScriptedChatModel, content: string, more: Partial<ChatRequest> = {}) {
  const batches = await Array.fromAsync(model.stream(request(content, more)));
  const deltas = batches.flat();
  return {
    batches: batches.length,
    deltas,
    text: deltas.map((delta) => (delta.type === 'text' ? delta.text : '')).join(''),
  };
}

async function failure(
  model: ScriptedChatModel,
  content: string,
): Promise<{ problem: Problem; deltas: readonly ChatDelta[] }> {
  const deltas: ChatDelta[] = [];
  try {
    for await (const batch of model.stream(request(content))) deltas.push(...batch);
  } catch (error) {
    if (error instanceof Problem) return { problem: error, deltas };
    throw error;
  }
  throw new Error('It did not fail.');
}
