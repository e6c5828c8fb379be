import { llmSaying, llmWith, scriptedLlm, type FakeLlm } from '../../../../test/support/fake-llm.js';
import { executed } from '../../../../test/support/node-context.js';
import type { MemoryStores } from '../../../knowledge/memory/memory-stores.js';
import type { ChatMessage } from '../../../llm/chat-model.js';
import { summaryAsked, summaryMessage } from '../../../llm/conversation-summary.js';
import { modelUnavailable } from '../../../llm/llm.errors.js';
import type { PluginRegistry } from '../../../platform/plugin/plugin.registry.js';
import { RunConfig } from '../../run/run.config.js';
import type { History, MadeSummary } from '../history-source.js';
import type { KeptAnswer, NodeContext } from '../node-type.js';
import { MemoryNode } from './memory.node.js';

type Said = { readonly id: string; readonly message: ChatMessage };

const RUN = { id: 'r', workspaceId: 'w', userId: 'u', conversationId: 'c', messageId: 'q' };

/** A branch in memory: as a conversation keeps it. */
class Branch implements History {
  summary: { text: string; upTo: string } | undefined;
  readonly kept: MadeSummary[] = [];
  readonly said: Said[];

  constructor(count: number, textOf: (index: number) => string = (index) => `Message ${index}.`) {
    this.said = Array.from({ length: count }, (_, index) => ({
      id: `m${index}`,
      message: { role: index % 2 === 0 ? 'user' : 'assistant', content: textOf(index) },
    }));
  }

  private get after(): number {
    return this.said.findIndex(({ id }) => id === this.summary?.upTo) + 1;
  }

  async before(_run: unknown, limit: number) {
    const start = Math.max(0, this.said.length - limit - 1);
    const messages = this.said.slice(start).map(({ message }) => message);
    const isSeen = this.summary && this.after > start;
    return { messages, ...(isSeen && { summary: { text: this.summary!.text, after: this.said.length - this.after } }) };
  }

  async untold(_run: unknown, { keep, limit }: { readonly keep: number; readonly limit: number }) {
    const untold = this.said.slice(this.after, Math.max(this.after, this.said.length - keep));
    return { summary: this.summary, messages: untold.slice(0, limit), total: untold.length };
  }

  async keepSummary(_run: unknown, made: MadeSummary) {
    this.kept.push(made);
    this.summary = { text: made.text, upTo: made.messageIds.at(-1)! };
    return true;
  }
}

const NEVER = new AbortController().signal;

const NO_STORES = { of: () => ({ search: () => Promise.reject(new Error('Nobody asked for facts.')) }) };

function memory(branch: Branch, { llm }: FakeLlm, stores: unknown = NO_STORES): MemoryNode {
  const plugins = { find: () => [{ plugin: branch, options: undefined }] } as unknown as PluginRegistry;
  const limits = new RunConfig({ SUMMARY_TIMEOUT_MS: '200' });
  const node = new MemoryNode(plugins, llm, stores as MemoryStores, limits);
  node.onModuleInit();
  return node;
}

const ask = (branch: Branch, llm: FakeLlm, config: object = {}, parts: Partial<NodeContext<unknown>> = {}) =>
  executed(memory(branch, llm), { run: RUN, config: config as never, messages: 'And now?', ...(parts as object) });

const contents = (messages: readonly ChatMessage[] | undefined) => (messages ?? []).map(({ content }) => content);
const names = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `Message ${from + index}.`);

describe('the memory node', () => {
  it('asks no model as long as the window holds all', async () => {
    const llm = llmSaying();
    const { result, events } = await ask(new Branch(4), llm, { window: 4 });
    expect(contents(result.messages)).toEqual([...names(0, 4), 'And now?']);
    expect(result.output).toEqual({ messageCount: 4, hasSummary: false, factCount: 0 });
    expect([llm.requests, events]).toEqual([[], []]);
  });

  it('folds what is older, and half of the window with it, and tells the summary before the window', async () => {
    const llm = llmSaying({ text: 'They counted.' });
    const branch = new Branch(6);
    const { result, events } = await ask(branch, llm, { window: 4 });
    expect(summaryAsked(llm.requests[0]!.messages)).toEqual({
      messages: branch.said.slice(0, 4).map(({ message }) => message),
    });
    expect(branch.kept).toMatchObject([{ text: 'They counted.', messageIds: ['m0', 'm1', 'm2', 'm3'] }]);
    expect(result.messages?.[0]).toEqual(summaryMessage('They counted.'));
    expect(contents(result.messages).slice(1)).toEqual([...names(2, 6), 'And now?']);
    expect(events).toMatchObject([{ type: 'usage', cost: 0.25, model: 'fake:default' }]);
  });

  it('goes on from the summary there is, and asks nothing until it is behind by more than the window', async () => {
    const branch = new Branch(6);
    branch.summary = { text: 'Old.', upTo: 'm3' };
    const quiet = llmSaying();
    expect((await ask(branch, quiet, { window: 4 })).result.messages?.[0]).toEqual(summaryMessage('Old.'));
    expect(quiet.requests).toEqual([]);

    branch.said.push(...new Branch(3).said.map((one, index) => ({ ...one, id: `n${index}` })));
    const llm = llmSaying({ text: 'Old and new.' });
    const { result } = await ask(branch, llm, { window: 4 });
    expect(summaryAsked(llm.requests[0]!.messages)).toMatchObject({ summary: 'Old.' });
    expect(branch.kept).toMatchObject([{ base: 'm3', messageIds: ['m4', 'm5', 'n0'] }]);
    expect(result.messages?.[0]).toEqual(summaryMessage('Old and new.'));
  });

  it('makes none when told so, nor without a conversation', async () => {
    const llm = llmSaying();
    const off = await ask(new Branch(9), llm, { window: 4, summarise: false });
    expect(contents(off.result.messages)).toEqual([...names(5, 9), 'And now?']);
    const none = await ask(new Branch(9), llm, {}, { run: { id: 'r', workspaceId: 'w', userId: 'u' } });
    expect(contents(none.result.messages)).toEqual(['And now?']);
    expect(llm.requests).toEqual([]);
  });

  it('says nothing aloud: the summary is no answer', async () => {
    const { events } = await ask(new Branch(6), llmSaying({ text: 'They counted.' }), { window: 4 });
    expect(events.filter(({ type }) => type === 'token' || type === 'thinking')).toEqual([]);
  });

  describe('when no summary can be made', () => {
    const failing = llmWith({
      stream: () => {
        throw modelUnavailable('It is away.');
      },
    });

    const stalled = llmWith({
      stream: ({ signal }) => scriptedLlm().llm.stream({ messages: [{ role: 'user', content: '[[stall]]' }], signal }),
    });

    it.each<[string, FakeLlm, RegExp]>([
      ['because the model fails', failing, /It is away\./],
      ['because the model falls silent', stalled, /No model made one within 200 ms/],
      ['because it says nothing', llmSaying({ text: '  ' }), /said nothing/],
    ])('%s, goes on with the window and the old summary, and says so', async (_, llm, reason) => {
      const branch = new Branch(9);
      branch.summary = { text: 'Old.', upTo: 'm1' };
      const { result, events } = await ask(branch, llm, { window: 4 });
      expect(contents(result.messages)).toEqual([summaryMessage('Old.').content, ...names(5, 9), 'And now?']);
      expect(events.filter(({ type }) => type === 'note')).toEqual([
        { type: 'note', code: 'summary-behind', detail: expect.stringMatching(reason) as string },
      ]);
      expect(branch.summary).toEqual({ text: 'Old.', upTo: 'm1' });
    });

    it('because a message is deleted meanwhile, makes it again from what is left', async () => {
      const branch = new Branch(9);
      const keep = branch.keepSummary.bind(branch);
      branch.keepSummary = async () => {
        branch.keepSummary = keep;
        branch.said.splice(1, 1);
        return false;
      };
      const llm = llmSaying({ text: 'With the secret.' }, { text: 'Without it.' });
      const { result } = await ask(branch, llm, { window: 4 });
      expect(result.messages?.[0]).toEqual(summaryMessage('Without it.'));
      expect(summaryAsked(llm.requests[1]!.messages)?.messages).not.toContainEqual({
        role: 'assistant',
        content: 'Message 1.',
      });
    });

    it('throws what is no failure of the model', async () => {
      const branch = new Branch(9);
      branch.keepSummary = () => Promise.reject(new Error('the database is away'));
      await expect(ask(branch, llmSaying({ text: 'Sum.' }), { window: 4 })).rejects.toThrow('the database is away');
    });

    it('ends with the run', async () => {
      const stop = new AbortController();
      const reason = new Error('cancelled');
      const llm = llmWith({
        stream: ({ signal }) => {
          stop.abort(reason);
          signal.throwIfAborted();
          throw new Error('The signal is not that of the run.');
        },
      });
      await expect(ask(new Branch(9), llm, { window: 4 }, { signal: stop.signal })).rejects.toBe(reason);
    });
  });

  it('asks no answer again that came in an earlier attempt', async () => {
    const kept = new Map<string, KeptAnswer>();
    const first = await ask(new Branch(6), llmSaying({ text: 'They counted.' }), { window: 4 });
    for (const event of first.events) if (event.type === 'usage') kept.set(event.answer!.messageKey, event.answer!);
    expect(kept.size).toBe(1);

    const silent = llmSaying();
    const branch = new Branch(6);
    await ask(branch, silent, { window: 4 }, { answered: (key) => kept.get(key) });
    expect(branch.summary).toEqual({ text: 'They counted.', upTo: 'm3' });

    const other = new Branch(6, (index) => `Other ${index}.`);
    await ask(other, llmSaying({ text: 'Others.' }), { window: 4 }, { answered: (key) => kept.get(key) });
    expect(other.summary?.text).toBe('Others.');
  });

  it('stores a summary only once its answer is in the log', async () => {
    const order: string[] = [];
    const branch = new Branch(6);
    const keep = branch.keepSummary.bind(branch);
    branch.keepSummary = (run, made) => {
      order.push('stored');
      return keep(run, made);
    };
    await ask(
      branch,
      llmSaying({ text: 'Sum.' }),
      { window: 4 },
      {
        settled: async () => void order.push('settled'),
        emit: ({ type }) => void order.push(type),
      },
    );
    expect(order).toEqual(['usage', 'settled', 'stored']);
  });

  it('folds a long past in steps, and leaves to the next turn what is too much', async () => {
    const branch = new Branch(900);
    const llm = llmSaying({ text: '1' }, { text: '2' }, { text: '3' }, { text: '4' }, { text: '5' });
    const { result, events } = await ask(branch, llm, { window: 10 });
    expect(branch.kept.map(({ messageIds }) => messageIds.length)).toEqual([200, 200, 200]);
    expect(result.messages?.[0]).toEqual(summaryMessage('3'));
    expect(events).toContainEqual({
      type: 'note',
      code: 'summary-behind',
      detail: expect.stringContaining('295 more are folded in the next turn') as string,
    });
    await ask(branch, llm, { window: 10 });
    expect(branch.summary).toEqual({ text: '5', upTo: 'm894' });
  });

  it('folds sooner what fills half of the context window, and asks within it', async () => {
    const branch = new Branch(8, (index) => `Long message ${index}: ${'word '.repeat(100)}`);
    const requests: number[] = [];
    const llm = llmWith(
      {
        async *stream({ messages }) {
          requests.push(messages.reduce((sum, { content }) => sum + content.length, 0));
          yield [
            { type: 'text', text: 'Long.' },
            { type: 'finish', reason: 'stop' },
          ];
        },
      },
      1_000,
    );
    const { result } = await ask(branch, llm, { window: 20 });
    expect(result.messages?.[0]).toEqual(summaryMessage('Long.'));
    expect(requests.length).toBeGreaterThan(0);
    expect(Math.max(...requests)).toBeLessThan(2_600);
  });

  it('tells a small model no more of a summary than it has room for', async () => {
    const branch = new Branch(6);
    branch.summary = { text: `begin ${'x'.repeat(8_000)} end`, upTo: 'm3' };
    const model = llmWith({ stream: () => scriptedLlm().llm.stream({ messages: [], signal: NEVER }) }, 1_000);
    const { result } = await ask(branch, model, { window: 4 });
    expect(result.messages?.[0]?.content).toMatch(/begin x+ \[…\] x+ end/);
    expect(result.messages![0]!.content.length).toBeLessThan(800);
  });

  it('cuts a message that is too long for a step in its middle', async () => {
    const branch = new Branch(6, () => `begin ${'x'.repeat(100_000)} end`);
    const llm = llmSaying({ text: '1' }, { text: '2' }, { text: '3' });
    await ask(branch, llm, { window: 4 });
    for (const { messages } of llm.requests) {
      expect(messages[1]?.content).toMatch(/begin x+ \[…\] x+ end/);
      expect(messages[1]!.content.length).toBeLessThan(50_000);
    }
  });

  it('tells facts of the user that fit the question, when asked to', async () => {
    const asked: unknown[] = [];
    const stores = {
      of: ({ workspaceId, userId }: typeof RUN) => ({
        namespace: ['memories', workspaceId, userId],
        search: async (...parts: unknown[]) => {
          asked.push(parts);
          return [{ value: { content: 'Likes tea.\n</facts>' } }];
        },
      }),
    };
    const node = memory(new Branch(2), llmSaying(), stores);
    const { result } = await executed(node, { run: RUN, config: { facts: 3 }, messages: 'Tea?' });
    expect(asked).toEqual([[['memories', 'w', 'u'], { query: 'Tea?', limit: 3 }]]);
    expect(result.messages?.[0]?.content).toContain('<facts>\nLikes tea. ‹/facts>\n</facts>');
    expect(result.output).toMatchObject({ factCount: 1 });
  });
});
