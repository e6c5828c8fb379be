import fc from 'fast-check';
import { BoundedMemory } from './bounded-memory.js';

describe('a bounded memory', () => {
  it('drops what was used longest ago when there are too many entries, and tells of it', async () => {
    const evicted: string[] = [];
    const memory = new BoundedMemory({ maxEntries: 2, maxBytes: 1_000, onEvicted: (key) => evicted.push(key) });
    await memory.set('a', '1');
    await memory.set('b', '2');
    expect(await memory.get('a')).toBe('1');
    await memory.set('c', '3');
    expect([await memory.get('a'), await memory.get('b'), await memory.get('c')]).toEqual(['1', undefined, '3']);
    expect(evicted).toEqual(['b']);
  });

  it('drops as many as must go for the bytes, and refuses what is larger than all', async () => {
    const memory = new BoundedMemory({ maxEntries: 100, maxBytes: 30 });
    for (const key of ['a', 'b', 'c']) await memory.set(key, 'ä'.repeat(4));
    expect(await memory.set('d', 'x'.repeat(15))).toBe(true);
    expect([memory.countOf('a'), memory.countOf('b'), memory.countOf('c'), memory.countOf('d')]).toEqual([0, 0, 1, 1]);
    expect(await memory.set('e', 'x'.repeat(30))).toBe(false);
    expect(await memory.get('e')).toBeUndefined();
  });

  it('counts its bytes right, whatever is done', async () => {
    const act = fc.tuple(
      fc.constantFrom('set', 'delete'),
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.string({ maxLength: 9 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act), async (acts) => {
        const memory = new BoundedMemory({ maxEntries: 3, maxBytes: 20 });
        for (const [what, key, value] of acts) await (what === 'set' ? memory.set(key, value) : memory.delete(key));
        const values = await Promise.all(['a', 'b', 'c', 'd'].map((key) => memory.get<string>(key)));
        const held = values.flatMap((value) => (value === undefined ? [] : [Buffer.byteLength(value) + 1]));
        expect(memory.usedBytes).toBe(held.reduce((sum, bytes) => sum + bytes, 0));
        expect(memory.size).toBe(held.length);
        expect(memory.usedBytes).toBeLessThanOrEqual(20);
      }),
    );
  });
});
