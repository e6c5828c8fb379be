import { messageFaults, refuseLongMessage } from './input-message.js';

describe('the message of an input', () => {
  it.each<[string, unknown, string | undefined]>([
    ['a text', 'Hello', undefined],
    ['as many characters as there may be, each of two units', '🙂'.repeat(10_000), undefined],
    ['one more', `${'🙂'.repeat(10_000)}x`, 'must be 1 to 10000 characters long'],
    ['far more', 'x'.repeat(20_001), 'must be 1 to 10000 characters long'],
    ['nothing', '', 'must be 1 to 10000 characters long'],
    ['blanks', ' \n', 'must not be blank'],
    ['a number', 5, 'must be a string'],
    ['none at all', undefined, 'must be a string'],
  ])('that must be there: %s', (_what, message, detail) => {
    expect(messageFaults({ message })).toEqual(detail === undefined ? [] : [{ pointer: '/message', detail }]);
  });

  it.each<[unknown, boolean]>([
    ['', true],
    [5, true],
    [undefined, true],
    ['x'.repeat(10_000), true],
    ['x'.repeat(10_001), false],
  ])('that need not be there is anything but too long', (message, fits) => {
    const refused = () => refuseLongMessage({ message });
    if (fits) expect(refused).not.toThrow();
    else expect(refused).toThrow(expect.objectContaining({ extensions: expect.anything() as unknown }));
  });
});
