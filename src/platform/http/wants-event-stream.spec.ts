import { prefersEventStream } from './wants-event-stream.js';

describe('the wish for an event stream', () => {
  it.each([
    ['text/event-stream', true],
    ['text/event-stream; charset=utf-8', true],
    ['TEXT/EVENT-STREAM', true],
    ['text/event-stream, application/json', true],
    ['application/json, text/event-stream', false],
    ['application/json;q=0.5, text/event-stream', true],
    ['text/event-stream;q=0.1, application/json', false],
    ['text/event-stream;q=0', false],
    ['text/event-stream, */*', true],
    ['*/*', false],
    ['text/*', false],
    ['application/json', false],
    ['', false],
  ])('reads "%s" as %s', (accept, expected) => {
    expect(prefersEventStream(accept)).toBe(expected);
  });
});
