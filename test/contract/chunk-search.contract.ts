import { RETRIEVAL_MODES } from '../../src/knowledge/retriever.js';
import type { ChunkWorld } from '../support/chunk-world.js';

/** A search and the database it runs on. */
export interface ChunkSearchCase {
  readonly name: string;
  /** Whether vectors are to be searched by pgvector. */
  readonly usesPgvector: boolean;
  open(): Promise<{ readonly world: ChunkWorld; readonly close: () => Promise<void> }>;
}

const KETTLE = 'The warranty on every kettle lasts two years from the day of purchase.';
const OTTERS = 'Sea otters hold hands while they sleep so that they do not drift apart.';
const BRIDGE = 'The old bridge over the river was built of granite in 1788.';

/** What every way of searching chunks promises. */
export function describeChunkSearch({ name, usesPgvector, open }: ChunkSearchCase): void {
  describe(`the search of chunks, ${name}`, () => {
    let world: ChunkWorld;
    let close: () => Promise<void>;
    let own: string;
    let foreign: string;
    let otters: string;

    beforeAll(async () => {
      ({ world, close } = await open());
      [own, foreign] = [await world.workspace(), await world.workspace()];
      await world.add({
        workspaceId: own,
        title: 'Kettles',
        text: KETTLE,
        collection: 'manuals',
        metadata: { year: 2024 },
      });
      otters = await world.add({ workspaceId: own, title: 'Otters', text: OTTERS, collection: 'animals' });
      await world.add({
        workspaceId: own,
        title: 'Bridge',
        text: BRIDGE,
        collection: 'places',
        metadata: { year: 2024, open: true },
      });
      await world.add({ workspaceId: foreign, title: 'Foreign kettles', text: KETTLE, collection: 'manuals' });
      for (let n = 0; n < 12; n++)
        await world.add({
          workspaceId: foreign,
          title: `Foreign ${n}`,
          text: `${OTTERS} Number ${n}.`,
          collection: 'animals',
        });
    }, 600_000);
    afterAll(() => close());

    const titles = async (query: string, more: object = {}, workspaceId = own) =>
      (await world.retrieve(workspaceId, query, more)).map(({ title }) => title);

    it('uses what it is meant to', async () => {
      expect(await world.vectors.filled()).toBe(usesPgvector);
    });

    it.each(RETRIEVAL_MODES)('finds by %s what fits best, in order, with scores from 0 to 1', async (mode) => {
      const found = await world.retrieve(own, 'Do otters hold hands while sleeping?', { mode });
      expect(found[0]).toMatchObject({
        title: 'Otters',
        documentId: otters,
        text: OTTERS,
        start: 0,
        end: OTTERS.length,
      });
      expect(found[0]!.score).toBeGreaterThan(0.5);
      for (const { score } of found) {
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(1);
      }
    });

    it.each(RETRIEVAL_MODES)('finds by %s nothing of another workspace', async (mode) => {
      expect(await titles('otters hold hands', { mode })).not.toContain('Foreign 1');
      expect(await titles('otters hold hands', { mode, limit: 50 }, foreign)).not.toContain('Otters');
      expect(await titles('otters hold hands', { mode, documentIds: [otters] }, foreign)).toEqual([]);
    });

    it.each(RETRIEVAL_MODES)('keeps by %s to collections, documents and metadata', async (mode) => {
      const query = 'kettle warranty, otters that hold hands, and a bridge of granite';
      const all = ['Bridge', 'Kettles', 'Otters'];
      expect((await titles(query, { mode })).toSorted()).toEqual(all);
      expect(await titles(query, { mode, collections: ['manuals'] })).toEqual(['Kettles']);
      expect(await titles(query, { mode, collections: ['manuals', 'nowhere'] })).toEqual(['Kettles']);
      expect(await titles(query, { mode, collections: ['nowhere'] })).toEqual([]);
      expect(await titles(query, { mode, documentIds: [otters] })).toEqual(['Otters']);
      expect(await titles(query, { mode, documentIds: ['no id'] })).toEqual([]);
      expect(await titles(query, { mode, documentIds: [otters], collections: ['manuals'] })).toEqual([]);
      expect((await titles(query, { mode, metadata: { year: 2024 } })).toSorted()).toEqual(['Bridge', 'Kettles']);
      expect(await titles(query, { mode, metadata: { year: 2024, open: true } })).toEqual(['Bridge']);
    });

    it('finds no more than asked for, and nothing below the threshold', async () => {
      const query = 'kettle warranty and otters';
      expect(await titles(query, { limit: 1 })).toHaveLength(1);
      expect(await titles(query, { threshold: 1 })).toEqual([]);
      for (const { score } of await world.retrieve(own, query, { threshold: 0.3 }))
        expect(score).toBeGreaterThanOrEqual(0.3);
    });

    it.each(["'", '\\', "a'b\\c | & ! ( :* <->", '\u0001', 'und der die das', '🦦', 'x'.repeat(5_000)])(
      'takes any query: %p',
      async (query) => {
        expect(Array.isArray(await titles(query))).toBe(true);
      },
    );

    it('knows the stems of a language', async () => {
      await world.add({
        workspaceId: own,
        title: 'Katzen',
        text: 'Katzen schlafen lange.',
        collection: 'de',
        language: 'german',
      });
      expect(await titles('schlafende Katze', { mode: 'text', collections: ['de'] })).toEqual(['Katzen']);
    });

    it('finds what a document says now, and no longer what it said', async () => {
      const id = await world.add({
        workspaceId: own,
        title: 'News',
        text: 'The zeppelin lands at noon.',
        collection: 'news',
      });
      expect(await titles('zeppelin', { collections: ['news'] })).toEqual(['News']);
      await world.change(id, 'The submarine dives at dusk.');
      const found = await world.retrieve(own, 'zeppelin lands', { collections: ['news'] });
      expect(found.map(({ text }) => text).join()).not.toContain('zeppelin');
      expect(await titles('submarine', { collections: ['news'] })).toEqual(['News']);
    });
  });
}
