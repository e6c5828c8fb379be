import { StringDecoder } from 'node:string_decoder';

/** The upstream sent a line or event beyond the limit: it is not kept. */
export class LineTooLongError extends Error {}

/**
 * Cuts bytes into lines (LF, CRLF or CR) as they arrive, whatever the boundaries of the chunks: a line, a line end and a
 * UTF-8 character may be split. Holds at most `limit` characters of an unfinished line.
 */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private unfinished = '';
  private afterCarriageReturn = false;
  private started = false;

  constructor(private readonly limit: number) {}

  /** @throws LineTooLongError */
  push(bytes: Uint8Array, onLine: (line: string) => void): void {
    this.split(this.decoder.write(bytes), onLine);
  }

  /** The bytes have ended: what is left is the last line. */
  end(onLine: (line: string) => void): void {
    this.split(this.decoder.end(), onLine);
    if (this.unfinished === '') return;
    const line = this.unfinished;
    this.unfinished = '';
    onLine(line);
  }

  private split(chunk: string, onLine: (line: string) => void): void {
    const text = this.normalised(chunk);
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      const line = this.unfinished + text.slice(from, at);
      this.unfinished = '';
      from = at + 1;
      onLine(line);
    }
    this.unfinished += text.slice(from);
    if (this.unfinished.length > this.limit)
      throw new LineTooLongError(`A line is longer than ${this.limit} characters.`);
  }

  /** Without a byte order mark, every line end as LF. */
  private normalised(chunk: string): string {
    let text = chunk;
    if (text === '') return text;
    if (!this.started) {
      this.started = true;
      if (text.startsWith('\uFEFF')) text = text.slice(1);
    }
    if (this.afterCarriageReturn && text !== '') {
      this.afterCarriageReturn = false;
      if (text.startsWith('\n')) text = text.slice(1);
    }
    if (!text.includes('\r')) return text;
    this.afterCarriageReturn = text.endsWith('\r');
    return text.replace(/\r\n?/g, '\n');
  }
}
