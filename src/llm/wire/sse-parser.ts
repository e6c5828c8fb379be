import { LineSplitter, LineTooLongError } from './line-splitter.js';

/**
 * Reads server-sent events incrementally and hands over the `data` of each. Comments and the fields `event`, `id` and
 * `retry` are skipped: the protocols behind it say everything in `data`. Bounded by `limit` characters an event.
 */
export class SseParser {
  private readonly lines: LineSplitter;
  private data: string | undefined;

  constructor(
    private readonly onData: (data: string) => void,
    private readonly limit: number,
  ) {
    this.lines = new LineSplitter(limit);
  }

  /** @throws LineTooLongError */
  push(bytes: Uint8Array): void {
    this.lines.push(bytes, this.onLine);
  }

  /** The body ended properly. An event without its closing blank line still counts: some servers omit it after the last. */
  end(): void {
    this.lines.end(this.onLine);
    this.onLine('');
  }

  private readonly onLine = (line: string): void => {
    if (line === '') {
      const { data } = this;
      this.data = undefined;
      if (data !== undefined) this.onData(data);
    } else if (line.startsWith('data:')) {
      this.append(line.slice(line.startsWith(' ', 5) ? 6 : 5));
    } else if (line === 'data') {
      this.append('');
    }
  };

  private append(value: string): void {
    this.data = this.data === undefined ? value : `${this.data}\n${value}`;
    if (this.data.length > this.limit) throw new LineTooLongError(`An event is longer than ${this.limit} characters.`);
  }
}
