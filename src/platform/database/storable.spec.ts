import fc from 'fast-check';
import { storableJson, storableText } from './storable.js';

describe('what PostgreSQL can store', () => {
  it('replaces NUL and lone surrogates in text and leaves the rest', () => {
    expect(storableText('a\0b\ud800c\udc00 😀')).toBe('a\ufffdb\ufffdc\ufffd 😀');
  });

  it('replaces them in the strings and names of JSON', () => {
    expect(JSON.parse(storableJson({ 'k\0': ['\ud83d', '😀', '\udfff'] }) ?? '')).toEqual({
      'k\ufffd': ['\ufffd', '😀', '\ufffd'],
    });
  });

  it('leaves text that only looks like an escape', () => {
    const value = { path: 'C:\\u0000\\ud800', twice: '\\\\u0000', mixed: '\\\0' };
    expect(JSON.parse(storableJson(value) ?? '')).toEqual({ ...value, mixed: '\\\ufffd' });
  });

  it('keeps every well-formed JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
        fc.pre(value !== null && !JSON.stringify(value).includes('\\u0000'));
        expect(storableJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('has no text for absence', () => {
    expect([storableJson(undefined), storableJson(null)]).toEqual([null, null]);
  });
});
