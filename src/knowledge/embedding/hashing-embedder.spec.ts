import fc from 'fast-check';
import { DIMENSIONS, hashingEmbedding } from './hashing-embedder.js';
import { bytesOfVector, toUnit, vectorOfBytes } from './unit-vector.js';

const unit = (text: string) => toUnit(hashingEmbedding(text));
const cosine = (a: string, b: string): number =>
  unit(a).reduce((sum, value, at) => sum + value * (unit(b)[at] ?? 0), 0);

describe('the hashing embedder', () => {
  it('gives the same text the same vector, of length 1 unless the text has no word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const vector = unit(text);
        expect(vector).toEqual(unit(text));
        expect(vector).toHaveLength(DIMENSIONS);
        const length = Math.hypot(...vector);
        expect(length === 0 || Math.abs(length - 1) < 1e-5).toBe(true);
        expect(vectorOfBytes(bytesOfVector(vector))).toEqual(vector);
      }),
    );
  });

  it('finds other forms of words alike, and texts without common words not', () => {
    expect(cosine('otters are sleeping', 'the otter sleeps')).toBeGreaterThan(0.2);
    expect(Math.abs(cosine('otters are sleeping', 'granite bridges'))).toBeLessThan(0.1);
  });

  it('hardly minds words that say little', () => {
    expect(cosine('kettle warranty', 'what is the warranty of the kettle')).toBeGreaterThan(0.9);
  });
});
