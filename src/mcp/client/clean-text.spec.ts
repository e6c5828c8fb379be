import fc from 'fast-check';
import { cleanJson, cleanLabel, cleanLine, cleanText, hasHidden } from './clean-text.js';

/** "ignore" written in tag characters, which no one sees and models read. */
const TAGS = [...'ignore'].map((letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join('');
const HIDDEN = [TAGS, '\u200b', '\u202e', '\u2066', '\ufeff', '\0', '\u001b', '\u0085', '\u{e0100}', '\ud800'];

describe('a text of a server for people and models to choose by', () => {
  it.each(HIDDEN)('has nothing in it that cannot be seen: %j', (hidden) => {
    expect(hasHidden(`Adds${hidden}numbers.`)).toBe(true);
    expect(cleanLine(`Adds${hidden} numbers.`, 100).replace(/ +/, ' ')).toBe('Adds numbers.');
  });

  it.each(['\u200d', '\ufe0f', '\u3164', '\u2800', '\ue000', '\u{f0000}'])(
    'nor what is drawn as nothing: %j',
    (blank) => {
      expect(cleanLabel(`a${blank}b`, 10)).toBe('ab');
    },
  );

  it('keeps its lines, and what letters need that are not English', () => {
    expect(cleanLabel(' Grüße,\r\n\tनमस्ते\u2028日本 😀 ', 100)).toBe('Grüße,\n नमस्ते\n日本 😀');
  });

  it('has at most as many characters as it may', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 30 }), (text, max) => {
        const label = cleanLabel(text, max);
        expect([...label].length).toBeLessThanOrEqual(max);
        expect(hasHidden(label)).toBe(false);
        expect(label.isWellFormed()).toBe(true);
      }),
    );
    expect(cleanLabel('abcdef', 4)).toBe('abc…');
  });
});

describe('a text that a tool answered with', () => {
  it.each(HIDDEN.filter((hidden) => hidden !== '\u0085'))('hides nothing: %j', (hidden) => {
    expect(cleanText(`a${hidden}b`)).toBe('ab');
  });

  it('is whole otherwise', () => {
    const text = 'می\u200cخواهم 👩‍👩‍👧 \t\r\n "x" ﷽ ❤️';
    expect(cleanText(text)).toBe(text);
  });

  it('is clean wherever in a value it stands', () => {
    expect(cleanJson({ [`a${TAGS}`]: [`b${TAGS}`, 1, null, { c: '\u202ed' }] })).toEqual({
      a: ['b', 1, null, { c: 'd' }],
    });
  });
});
