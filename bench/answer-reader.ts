import type { Frame } from './load-target.ts';

/**
 * Reads one event-stream answer. Bytes are read as latin1, so that a character cut between two reads does no harm: the
 * benchmark's answers are ASCII, and what else a frame carries is not looked at.
 */
export class AnswerReader {
  text = '';
  /** The event that ends an answer was seen. */
  ended = false;
  /** `[DONE]` was seen. */
  done = false;
  error: string | undefined;
  private rest = '';
  private readonly frame: (data: string) => Frame;

  constructor(frame: (data: string) => Frame) {
    this.frame = frame;
  }

  /** Takes what one read brought; answers how many characters of answer text it held. */
  feed(bytes: Buffer): number {
    const before = this.text.length;
    const input = this.rest + bytes.toString('latin1');
    let start = 0;
    for (let end = input.indexOf('\n\n'); end >= 0; end = input.indexOf('\n\n', start)) {
      this.read(dataOf(input.slice(start, end)));
      start = end + 2;
    }
    this.rest = input.slice(start);
    return this.text.length - before;
  }

  private read(data: string | undefined): void {
    if (data === undefined) return;
    if (data === '[DONE]') {
      this.done = true;
      return;
    }
    const frame = this.frame(data);
    if (frame.kind === 'text') this.text += frame.text;
    else if (frame.kind === 'end') this.ended = true;
    else if (frame.kind === 'error') this.error = frame.message;
  }
}

/** The `data` field of a frame, which is its last line; undefined for comments. */
function dataOf(frame: string): string | undefined {
  if (frame.startsWith('data: ')) return frame.slice(6);
  const at = frame.indexOf('\ndata: ');
  return at < 0 ? undefined : frame.slice(at + 7);
}
