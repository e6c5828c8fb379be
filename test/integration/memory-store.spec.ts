import { Annotation, END, getStore, START, StateGraph, type BaseStore } from '@langchain/langgraph';
import { Test } from '@nestjs/testing';
import { MemoryModule } from '../../src/knowledge/memory/memory.module.js';
import type { MemoryStore } from '../../src/knowledge/memory/memory-store.js';
import { MemoryStores } from '../../src/knowledge/memory/memory-stores.js';
import { newId } from '../../src/platform/clock/id.js';
import { Database } from '../../src/platform/database/database.js';
import { PlatformModule } from '../../src/platform/platform.module.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

/** What LangGraph asks of a store, on the table of memories. */
describe('the store of memories', () => {
  let postgres: TestDatabase;
  let close: () => Promise<void>;
  let database: Database;
  let stores: MemoryStores;
  const workspaceId = newId();

  beforeAll(async () => {
    postgres = await testDatabase('memorystore');
    const environment = { ...postgres.environment, NODE_ENV: 'test', LOG_LEVEL: 'silent' };
    const room = await Test.createTestingModule({
      imports: [PlatformModule.with(environment), MemoryModule],
    }).compile();
    await room.init();
    close = () => room.close();
    database = room.get(Database);
    stores = room.get(MemoryStores);
    await database.query('INSERT INTO workspace (id, name, created_by) VALUES ($1, $2, $3)', [
      workspaceId,
      'Test',
      newId(),
    ]);
  });
  afterAll(async () => {
    await close();
    await postgres.drop();
  });

  const store = (userId = newId()): MemoryStore => stores.of({ workspaceId, userId });
  const put = async (into: MemoryStore, facts: Readonly<Record<string, string>>) => {
    for (const [key, content] of Object.entries(facts)) await into.put(into.namespace, key, { content });
  };
  const contents = (items: readonly { readonly value: { readonly content: string } }[]) =>
    items.map(({ value }) => value.content);

  it('gives back what was put, with its times, and changes it in its place', async () => {
    const own = store();
    await put(own, { tea: 'Likes tea.' });
    const first = await own.get(own.namespace, 'tea');
    expect(first).toMatchObject({ namespace: own.namespace, key: 'tea', value: { content: 'Likes tea.' } });
    expect(first?.createdAt).toBeInstanceOf(Date);
    await put(own, { tea: 'Likes coffee.' });
    const second = await own.get(own.namespace, 'tea');
    expect(second).toMatchObject({ id: first?.id, createdAt: first?.createdAt, value: { content: 'Likes coffee.' } });
    expect(second!.updatedAt.getTime()).toBeGreaterThanOrEqual(first!.updatedAt.getTime());
    await own.delete(own.namespace, 'tea');
    expect(await own.get(own.namespace, 'tea')).toBeNull();
    await own.delete(own.namespace, 'tea');
  });

  it('knows what a tool has remembered by the id of the memory', async () => {
    const own = store();
    const { id } = await own.remember('Likes tea.');
    expect(await own.get(own.namespace, id)).toMatchObject({ id, key: id });
    await put(own, { [id]: 'Likes coffee.' });
    expect(contents(await own.search([]))).toEqual(['Likes coffee.']);
  });

  it('remembers a fact once: put under another key, it moves there', async () => {
    const own = store();
    await put(own, { a: 'Likes tea.', b: 'Likes milk.' });
    await put(own, { b: 'Likes tea.' });
    expect(contents(await own.search(own.namespace))).toEqual(['Likes tea.']);
    expect(await own.get(own.namespace, 'b')).toMatchObject({ value: { content: 'Likes tea.' } });
    expect(await own.get(own.namespace, 'a')).toBeNull();
  });

  it('searches by words, by what values hold, and in pages', async () => {
    const own = store();
    await put(own, { a: 'Plays chess on Monday.', b: 'Plays the oboe.', c: 'Eats no nuts.' });
    expect(contents(await own.search(own.namespace, { query: 'Does she play chess, or plays cards?' }))[0]).toBe(
      'Plays chess on Monday.',
    );
    expect(contents(await own.search(own.namespace, { query: 'nuts' }))).toEqual(['Eats no nuts.']);
    expect(contents(await own.search(['memories'], { filter: { content: 'Eats no nuts.' } }))).toEqual([
      'Eats no nuts.',
    ]);
    expect(await own.search([], { filter: { content: { $ne: 'Eats no nuts.' } } })).toHaveLength(2);
    expect(await own.search([], { filter: { content: { $gt: 'F', $lte: 'Plays chess on Monday.' } } })).toHaveLength(1);
    expect(await own.search([], { filter: { other: 1 } })).toEqual([]);
    await expect(own.search([], { filter: { content: { $like: '%' } } })).rejects.toMatchObject({ status: 422 });
    expect(contents(await own.search([], { limit: 1, offset: 1 }))).toEqual(['Plays the oboe.']);
  });

  it('does many things in order', async () => {
    const own = store();
    const { namespace } = own;
    const done = await own.batch([
      { namespace, key: 'k', value: { content: 'One.' } },
      { namespace, key: 'k' },
      { namespacePrefix: ['memories'], limit: 5, offset: 0 },
      { namespace, key: 'k', value: null },
      { namespace, key: 'k' },
      { matchConditions: [], limit: 5, offset: 0 },
    ]);
    expect(done).toMatchObject([undefined, { key: 'k' }, [{ key: 'k' }], undefined, null, []]);
  });

  it('names its one namespace once something is in it', async () => {
    const own = store();
    expect(await own.listNamespaces()).toEqual([]);
    await put(own, { a: 'A fact.' });
    expect(await own.listNamespaces()).toEqual([own.namespace]);
    expect(await own.listNamespaces({ prefix: ['memories', '*'], maxDepth: 1 })).toEqual([['memories']]);
    expect(await own.listNamespaces({ suffix: ['elsewhere'] })).toEqual([]);
    expect(await own.listNamespaces({ offset: 1 })).toEqual([]);
  });

  it('knows nothing of other users, whatever namespace is asked for', async () => {
    const [own, other] = [store(), store()];
    await put(other, { a: 'A secret.' });
    for (const namespace of [other.namespace, [], ['memories'], ['memories', workspaceId]]) {
      expect(await own.search(namespace)).toEqual([]);
      expect(await own.get(namespace, 'a')).toBeNull();
      await own.delete(namespace, 'a');
      await expect(own.put(namespace, 'a', { content: 'Mine.' })).rejects.toMatchObject({ status: 422 });
    }
    expect(contents(await other.search([]))).toEqual(['A secret.']);
  });

  it.each([
    ['a value that is no fact', 'k', { text: 'x' }, '/value'],
    ['a value with more in it', 'k', { content: 'x', more: 1 }, '/value'],
    ['an empty fact', 'k', { content: ' ' }, '/value'],
    ['a long one', 'k', { content: 'x'.repeat(1_001) }, '/value'],
    ['no key', '', { content: 'x' }, '/key'],
  ])('refuses %s, and says what is wrong', async (_, key, value, pointer) => {
    const own = store();
    await expect(own.put(own.namespace, key, value)).rejects.toMatchObject({
      type: { slug: 'validation-failed' },
      extensions: { errors: [{ pointer }] },
    });
  });

  it('holds no more than a user may have remembered', async () => {
    const userId = newId();
    await database.query(
      `INSERT INTO memory (id, workspace_id, user_id, content)
       SELECT gen_random_uuid(), $1, $2, 'Fact ' || n FROM generate_series(1, 500) n`,
      [workspaceId, userId],
    );
    const own = store(userId);
    await expect(own.put(own.namespace, 'k', { content: 'One more.' })).rejects.toMatchObject({
      type: { slug: 'memory-full' },
    });
    await put(own, { k: 'Fact 7' });
    expect(await own.get(own.namespace, 'k')).toMatchObject({ value: { content: 'Fact 7' } });
    expect(await own.search([], { limit: 1_000 })).toHaveLength(500);
  });

  it('serves the nodes of a LangGraph graph as its store', async () => {
    const own = store();
    const State = Annotation.Root({ fact: Annotation<string>(), found: Annotation<readonly string[]>() });
    const graph = new StateGraph(State)
      .addNode('save', async ({ fact }) => {
        await getStore()!.put(own.namespace, 'tea', { content: fact });
        return {};
      })
      .addNode('recall', async () => ({
        found: (await getStore()!.search(own.namespace, { query: 'tea' })).map(
          ({ value }) => value['content'] as string,
        ),
      }))
      .addEdge(START, 'save')
      .addEdge('save', 'recall')
      .addEdge('recall', END)
      .compile({ store: own satisfies BaseStore });
    expect(await graph.invoke({ fact: 'Likes tea.' })).toMatchObject({ found: ['Likes tea.'] });
  });
});
