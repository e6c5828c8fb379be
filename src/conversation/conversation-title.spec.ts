import fc from 'fast-check';
import { DEFAULT_TITLE, forkTitleOf, MAX_TITLE, titleOf } from './conversation-title.js';

describe('the title of a conversation', () => {
  it('is a short first message itself, on one line', () => {
    expect(titleOf('  How do I\n\n reset\tmy password? ')).toBe('How do I reset my password?');
  });

  it('is cut after a word', () => {
    const message = 'Please explain to me in simple words how the garbage collector of a modern runtime works';
    expect(titleOf(message)).toBe('Please explain to me in simple words how the garbage…');
  });

  it('cuts through text without blanks', () => {
    expect(titleOf('x'.repeat(500))).toBe(`${'x'.repeat(59)}…`);
  });

  it('keeps surrogate pairs whole', () => {
    expect(titleOf(`x${'😀'.repeat(100)}`)).toBe(`x${'😀'.repeat(29)}…`);
  });

  it('is the default when there are no words', () => {
    expect(titleOf(' \n ')).toBe(DEFAULT_TITLE);
  });

  it('fits, is well formed and not blank, whatever the message', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (message) => {
        const title = titleOf(message);
        expect(title.length).toBeLessThanOrEqual(60);
        expect(title.isWellFormed()).toBe(true);
        expect(title.trim()).not.toBe('');
      }),
    );
  });

  it('says of a fork that it is one, within the bound', () => {
    expect(forkTitleOf('Plans')).toBe('Plans (fork)');
    expect(forkTitleOf('word '.repeat(40)).length).toBeLessThanOrEqual(MAX_TITLE);
  });
});
