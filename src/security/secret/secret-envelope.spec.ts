import fc from 'fast-check';
import { Sealer, SealBroken } from '../../platform/sealing/sealer.js';
import { SecretEnvelope } from './secret-envelope.js';

describe("a secret's envelope", () => {
  const envelopes = new SecretEnvelope(new Sealer(Buffer.alloc(32, 7)));
  const own = { workspaceId: 'workspace-1', id: 'secret-1' };

  it('gives back any value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(envelopes.open(own, envelopes.seal(own, value))).toBe(value);
      }),
    );
  });

  it('has another key and other bytes each time', () => {
    const [one, two] = [envelopes.seal(own, 'value'), envelopes.seal(own, 'value')];
    expect(one.sealedKey.equals(two.sealedKey)).toBe(false);
    expect(one.sealedValue.equals(two.sealedValue)).toBe(false);
    for (const { sealedKey, sealedValue } of [one, two])
      expect(Buffer.concat([sealedKey, sealedValue]).includes('value')).toBe(false);
  });

  it.each([
    ['another workspace', { ...own, workspaceId: 'workspace-2' }],
    ['another secret', { ...own, id: 'secret-2' }],
  ])('opens for no %s', (_, other) => {
    expect(() => envelopes.open(other, envelopes.seal(own, 'value'))).toThrow(SealBroken);
  });

  it('opens with no other data key and no other server key', () => {
    const [one, two] = [envelopes.seal(own, 'one'), envelopes.seal(own, 'two')];
    expect(() => envelopes.open(own, { sealedKey: one.sealedKey, sealedValue: two.sealedValue })).toThrow(SealBroken);
    expect(() => new SecretEnvelope(new Sealer(Buffer.alloc(32, 8))).open(own, one)).toThrow(SealBroken);
  });

  it('tells nothing of the value when it cannot be opened', () => {
    const { sealedKey, sealedValue } = envelopes.seal(own, 'the value itself');
    sealedValue[40]! ^= 1;
    expect(() => envelopes.open(own, { sealedKey, sealedValue })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('the value') }),
    );
  });
});
