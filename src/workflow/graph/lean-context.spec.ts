import { setContextVariable, getContextVariable } from '@langchain/core/context';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import { Annotation, Command, END, getConfig, interrupt, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { installLeanContext } from './lean-context.js';

installLeanContext();

const State = Annotation.Root({ value: Annotation<string>(), seen: Annotation<string>() });

describe('LangGraph without idle trace objects', () => {
  it('builds no trace object for a call without callbacks', () => {
    const provider = AsyncLocalStorageProviderSingleton;
    const store: unknown = provider.runWithConfig({ tags: [] }, () => provider.getInstance().getStore());
    expect(Object.getPrototypeOf(store)).toBe(Object.prototype);
  });

  it('keeps the configuration that a node and what it calls can ask for', async () => {
    const graph = new StateGraph(State)
      .addNode('inner', async () => {
        await Promise.resolve();
        return { seen: String(getConfig().configurable?.mark) };
      })
      .addEdge(START, 'inner')
      .addEdge('inner', END)
      .compile();
    const outer = new StateGraph(State)
      .addNode('outer', async () => graph.invoke({ value: '' }))
      .addEdge(START, 'outer')
      .addEdge('outer', END)
      .compile();
    expect(await outer.invoke({ value: '' }, { configurable: { mark: 'm1' } })).toMatchObject({ seen: 'm1' });
  });

  it('keeps context variables', async () => {
    const graph = new StateGraph(State)
      .addNode('set', async () => {
        setContextVariable('who', 'me');
        return { seen: await Promise.resolve().then(() => getContextVariable<string>('who') ?? 'nobody') };
      })
      .addEdge(START, 'set')
      .addEdge('set', END)
      .compile();
    expect(await graph.invoke({ value: '' })).toMatchObject({ seen: 'me' });
  });

  it('isolates fifty concurrent graphs', async () => {
    const graph = new StateGraph(State)
      .addNode('wait', async () => {
        for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        return { seen: String(getConfig().configurable?.mark) };
      })
      .addEdge(START, 'wait')
      .addEdge('wait', END)
      .compile();
    const marks = Array.from({ length: 50 }, (_, index) => `m${index}`);
    const seen = await Promise.all(
      marks.map(async (mark) => (await graph.invoke({ value: '' }, { configurable: { mark } })).seen),
    );
    expect(seen).toEqual(marks);
  });

  it('interrupts and resumes', async () => {
    const graph = new StateGraph(State)
      .addNode('ask', () => ({ seen: String(interrupt('well?')) }))
      .addEdge(START, 'ask')
      .addEdge('ask', END)
      .compile({ checkpointer: new MemorySaver() });
    const thread = { configurable: { thread_id: 't' } };
    await graph.invoke({ value: '' }, thread);
    expect(await graph.invoke(new Command({ resume: 'yes' }), thread)).toMatchObject({ seen: 'yes' });
  });

  it('leaves calls with callbacks as they are', async () => {
    const names: string[] = [];
    const graph = new StateGraph(State)
      .addNode('node', () => ({ seen: 'x' }))
      .addEdge(START, 'node')
      .addEdge('node', END)
      .compile();
    await graph.invoke(
      { value: '' },
      { callbacks: [{ handleChainStart: (...parts: unknown[]) => void names.push(String(parts[7])) }] },
    );
    expect(names).toContain('node');
  });
});
