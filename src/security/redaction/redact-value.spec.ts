import fc from 'fast-check';
import { redactValue } from './redact-value.js';

describe('a redacted value', () => {
  it('has its texts masked at any depth, names too', () => {
    const value = { to: ['anna@example.com', { note: 'call +49 170 1234567' }], 'ben@example.com': 1, at: null };
    expect(redactValue(value)).toEqual({
      to: ['[redacted:email]', { note: 'call [redacted:phone]' }],
      '[redacted:email]': 1,
      at: null,
    });
  });

  it('hides whatever stands under a secret name, unless it only stands for something', () => {
    expect(redactValue({ password: 'plain', nested: { apiKey: 'k' }, token: '{{input.token}}', maxTokens: 5 })).toEqual(
      {
        password: '[redacted:secret]',
        nested: { apiKey: '[redacted:secret]' },
        token: '{{input.token}}',
        maxTokens: 5,
      },
    );
  });

  it('looks into instances of classes', () => {
    class Dto {
      title = 'mail anna@example.com';
    }
    expect(redactValue(new Dto())).toEqual({ title: 'mail [redacted:email]' });
  });

  it('is the very value when there is nothing to hide, and tells the kinds when there is', () => {
    const value = { a: ['b', { c: 1 }], d: new Date(0) };
    expect(redactValue(value)).toBe(value);
    const kinds: string[] = [];
    redactValue(['anna@example.com', { secret: 'k' }], (kind) => kinds.push(kind));
    expect(kinds).toEqual(['email', 'secret']);
  });

  it('does not go deeper than a value may be', () => {
    let deep: unknown = 'anna@example.com';
    for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
    expect(() => redactValue(deep)).not.toThrow();
  });

  it('is the same once more', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const once = redactValue(value);
        expect(redactValue(once)).toEqual(once);
      }),
    );
  });
});
