import fc from 'fast-check';
import { holdsText } from './text-search.js';

describe('holdsText', () => {
  it('agrees with includes on repetitive text', () => {
    const repetitive = (maxLength: number) =>
      fc.array(fc.constantFrom('a', 'a', 'a', 'b'), { maxLength }).map((letters) => letters.join(''));
    fc.assert(
      fc.property(repetitive(200), repetitive(40), (text, part) => {
        expect(holdsText(text, part)).toBe(text.includes(part));
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds a long part wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 17 }), fc.string(), (before, part, after) => {
        expect(holdsText(before + part + after, part)).toBe(true);
      }),
    );
  });

  it('finds a part after any number of its own beginnings', () => {
    const part = 'aabaabaaabaabaabaabaaab';
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: part.length - 1 }), { maxLength: 10 }), (lengths) => {
        const beginnings = lengths.map((length) => part.slice(0, length)).join('');
        expect(holdsText(beginnings + part, part)).toBe(true);
        expect(holdsText(beginnings, part)).toBe(beginnings.includes(part));
      }),
      { numRuns: 2_000 },
    );
  });

  it('searches a megabyte for a part that almost matches everywhere without delay', () => {
    const text = 'a'.repeat(1_000_000);
    const part = `${'a'.repeat(100_000)}b${'a'.repeat(5_000)}`;
    const started = process.cpuUsage();
    expect(holdsText(text, part)).toBe(false);
    expect(process.cpuUsage(started).user).toBeLessThan(20_000_000);
  });
});
