import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { SealBroken, Sealer } from './sealer.js';

describe('a sealed value', () => {
  const sealer = new Sealer(randomBytes(32));

  it('opens to what was sealed, under its purpose', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (plain, purpose) => {
        expect(sealer.open(sealer.seal(plain, purpose), purpose)).toBe(plain);
      }),
    );
  });

  it('shows nothing of its content, and is another one each time', () => {
    const plain = 'a password that nobody guesses';
    const [first, second] = [sealer.seal(plain, 'note'), sealer.seal(plain, 'note')];
    expect(first.includes('password')).toBe(false);
    expect(first.equals(second)).toBe(false);
  });

  it('does not open for another purpose', () => {
    expect(() => sealer.open(sealer.seal('x', 'note'), 'other')).toThrow(SealBroken);
  });

  it('does not open with another key, and says which key is meant', () => {
    const sealed = new Sealer(randomBytes(32)).seal('x', 'note');
    expect(() => sealer.open(sealed, 'note')).toThrow(/ENCRYPTION_KEY/);
  });

  it('does not open once any bit of it is changed', () => {
    const sealed = sealer.seal('some text', 'note');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => sealer.open(changed, 'note')).toThrow(SealBroken);
    }
  });

  it('does not open when it is cut short or prolonged', () => {
    const sealed = sealer.seal('some text', 'note');
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => sealer.open(sealed.subarray(0, length), 'note')).toThrow(SealBroken);
    }
    expect(() => sealer.open(Buffer.concat([sealed, Buffer.of(0)]), 'note')).toThrow(SealBroken);
  });
});

describe('an authenticated text', () => {
  const key = randomBytes(32);
  const sealer = new Sealer(key);

  it('has one proof, which is another for another text, purpose or key', () => {
    const proof = sealer.authenticate('a text', 'note');
    expect(new Sealer(key).authenticate('a text', 'note')).toEqual(proof);
    expect(sealer.authenticate('a tex', 'note')).not.toEqual(proof);
    expect(sealer.authenticate('a text', 'other')).not.toEqual(proof);
    expect(new Sealer(randomBytes(32)).authenticate('a text', 'note')).not.toEqual(proof);
  });
});
