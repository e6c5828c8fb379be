import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { growth } from '../../../test/support/growth.js';
import { LineTooLongError } from './line-splitter.js';
import { SseParser } from './sse-parser.js';

const LIMIT = 10_000;

describe('SseParser', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['CR', 'data: a\r\rdata: b\r\r', ['a', 'b']],
    ['no space after the colon', 'data:a\n\n', ['a']],
    ['only one space is dropped', 'data:  a\n\n', [' a']],
    ['several data lines are one event', 'data: a\ndata: b\ndata\n\n', ['a\nb\n']],
    ['comments and other fields are skipped', ': ping\nevent: x\nid: 1\nretry: 5\ndata: a\n: ping\n\n', ['a']],
    ['an event without data is none', 'event: ping\n\n\n\n: x\n\n', []],
    ['a byte order mark is skipped', '\uFEFFdata: a\n\n', ['a']],
    ['the last event may lack its blank line', 'data: a\n\ndata: [DONE]', ['a', '[DONE]']],
  ])('reads %s', (_, text, expected) => {
    expect(parsed([Buffer.from(text)])).toEqual(expected);
  });

  it('gives the same events however the bytes are cut', () => {
    fc.assert(
      fc.property(streams, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 20 }), (text, sizes) => {
        const bytes = Buffer.from(text);
        expect(parsed(cut(bytes, sizes))).toEqual(parsed([bytes]));
      }),
      { numRuns: 500 },
    );
  });

  it('agrees with eventsource-parser on complete streams', () => {
    fc.assert(
      fc.property(streams, (text) => {
        const complete = `${text}\n\n`;
        const expected: string[] = [];
        createParser({ onEvent: ({ data }) => expected.push(data) }).feed(complete);
        expect(parsed([Buffer.from(complete)])).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps no line and no event beyond the limit', () => {
    const flood = () => parsed([Buffer.from('data: '), ...Array.from({ length: 11 }, () => Buffer.alloc(1_000, 'a'))]);
    const many = () => parsed(Array.from({ length: 200 }, () => Buffer.from(`data: ${'a'.repeat(100)}\n`)));
    expect(flood).toThrow(LineTooLongError);
    expect(many).toThrow(LineTooLongError);
  });

  it('reads what arrives byte by byte in linear time', () => {
    const reading = (length: number) => {
      const chunks = cut(Buffer.from(`data: ${'x'.repeat(length)}\n\n`), [1]);
      return () => expect(parsed(chunks, 2_000_000)[0]).toHaveLength(length);
    };
    expect(
      growth(
        Array.from({ length: 40 }, () => reading(2_500)),
        reading(100_000),
      ),
    ).toBeLessThan(5);
  });
});

const line = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
  fc.constantFrom('', 'data', 'data:', ': comment', 'event: ping', 'data: {"a":"ß→😀"}'),
);
const streams = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\n\n', '\r\n\r\n')), { maxLength: 12 })
  .map((lines) => lines.flat().join(''));

function parsed(chunks: readonly Uint8Array[], limit = LIMIT): string[] {
  const events: string[] = [];
  const parser = new SseParser((data) => events.push(data), limit);
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return events;
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
