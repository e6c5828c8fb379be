import fc from 'fast-check';
import { snippetOf } from './snippet.js';

describe('a snippet', () => {
  it('is a short text as it is', () => {
    expect(snippetOf('A short text.', ['text'])).toBe('A short text.');
  });

  it('is the part with most of the words, with marks where it was cut', () => {
    const filler = 'Something else is told here. '.repeat(30);
    const snippet = snippetOf(`${filler}The warranty of a kettle lasts two years. ${filler}`, ['warranty', 'kettle']);
    expect(snippet).toContain('The warranty of a kettle'.slice(4));
    expect(snippet).toMatch(/^…[^]*…$/);
  });

  it('is short and well formed, whatever the text', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 200, maxLength: 900 });
    fc.assert(
      fc.property(text, fc.array(fc.string(), { maxLength: 3 }), (whole, words) => {
        const snippet = snippetOf(whole.toWellFormed(), words);
        expect(snippet.length).toBeLessThanOrEqual(302);
        expect(snippet.isWellFormed()).toBe(true);
      }),
    );
  });
});
