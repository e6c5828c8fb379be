import { lastEventId } from './last-event-id.js';

describe('a Last-Event-ID', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['0007', 7],
    ['2147483647', 2_147_483_647],
  ])('is the number %p', (header, seq) => {
    expect(lastEventId(header)).toBe(seq);
  });

  it.each([undefined, ''])('is absent when it is %p', (header) => {
    expect(lastEventId(header)).toBeUndefined();
  });

  it.each(['-1', '1.5', '1e3', ' 1', '0x1', 'NaN', 'abc', '2147483648', '99999999999', '1, 2'])(
    'is refused when it is %p',
    (header) => {
      expect(() => lastEventId(header)).toThrow(
        expect.objectContaining({
          status: 422,
          extensions: { errors: [expect.objectContaining({ pointer: '/Last-Event-ID' })] },
        }),
      );
    },
  );
});
