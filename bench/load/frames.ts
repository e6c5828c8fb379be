import { hash } from 'node:crypto';

/** An event as it came, with its data told by a digest: what is kept of a stream until it is checked. */
export interface ReceivedEvent {
  readonly seq: number;
  readonly type: string;
  readonly digest: string;
}

/** What is compared of an event's JSON text. */
export const digestOf = (data: string): string => hash('sha1', data).slice(0, 16);

const EVENT = /^id: ([1-9]\d*)\ndata: (\{[^\n]*\})$/;
const LONGEST_FRAME = 1_048_576;

/** Takes an event stream apart as it comes. What is no frame of Chatter's is a fault. */
export class FrameReader {
  readonly events: ReceivedEvent[] = [];
  readonly faults: string[] = [];
  /** `[DONE]` was seen. */
  done = false;
  private rest = '';
  private readonly decoder = new TextDecoder();
  private readonly hear: (event: Readonly<Record<string, unknown>>) => void;

  /** `hear` is told of every event, parsed. */
  constructor(hear: (event: Readonly<Record<string, unknown>>) => void) {
    this.hear = hear;
  }

  feed(bytes: Uint8Array): void {
    const blocks = (this.rest + this.decoder.decode(bytes, { stream: true })).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) this.read(block);
    if (this.rest.length > LONGEST_FRAME) throw new Error('A frame does not end.');
  }

  private read(block: string): void {
    if (this.done) this.faults.push('something came after [DONE]');
    const [, seq, data] = EVENT.exec(block) ?? [];
    if (seq !== undefined && data !== undefined) {
      const event = JSON.parse(data) as Readonly<Record<string, unknown>>;
      this.events.push({ seq: Number(seq), type: String(event.type), digest: digestOf(data) });
      this.hear(event);
    } else if (block === 'data: [DONE]') this.done = true;
    else if (block !== ': ping') this.faults.push(`this is no frame: ${block.slice(0, 200)}`);
  }
}
