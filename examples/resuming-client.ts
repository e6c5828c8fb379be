/**
 * A client that streams an answer, drops its connection on purpose, and resumes from the last event it has.
 *   CHATTER_URL=http://127.0.0.1:3000 CHATTER_KEY=ck_... node examples/resuming-client.ts "Tell me something"
 */
import { createParser, type EventSourceMessage } from 'eventsource-parser';

const base = `${process.env.CHATTER_URL ?? 'http://127.0.0.1:3000'}/api/v1`;
const headers = { Authorization: `Bearer ${process.env.CHATTER_KEY ?? ''}`, Accept: 'text/event-stream' };
const DROP_AFTER_EVENTS = 8;

interface RunEvent {
  readonly type: string;
  readonly seq: number;
  readonly runId: string;
  readonly content?: string;
  readonly messageKey?: string;
  readonly fromSeq?: number;
  readonly problem?: { readonly detail: string };
}

/** What is shown: the tokens so far, from which a `reset` takes back what came for a message since an event. */
class Transcript {
  private tokens: RunEvent[] = [];
  runId = '';
  lastSeq = 0;
  ended = false;

  take(event: RunEvent): void {
    this.runId = event.runId;
    this.lastSeq = event.seq;
    if (event.type === 'token') this.tokens.push(event);
    if (event.type === 'reset') {
      this.tokens = this.tokens.filter(
        ({ messageKey, seq }) => messageKey !== event.messageKey || seq < (event.fromSeq ?? 0),
      );
    }
    if (event.type === 'complete' || event.type === 'error') this.ended = true;
    if (event.problem) console.error(event.problem.detail);
  }

  get text(): string {
    return this.tokens.map(({ content }) => content).join('');
  }
}

/** Reads one connection until it ends or `enough` says so. */
async function read(response: Response, transcript: Transcript, enough: (count: number) => boolean): Promise<void> {
  if (!response.ok || !response.body) throw new Error(await response.text());
  let count = 0;
  const parser = createParser({
    onEvent: ({ data }: EventSourceMessage) => {
      if (data === '[DONE]' || enough(count)) return;
      transcript.take(JSON.parse(data) as RunEvent);
      count += 1;
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of response.body) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    if (enough(count)) return;
  }
}

const transcript = new Transcript();
const message = process.argv[2] ?? 'Hello! What can you do?';
const first = await fetch(`${base}/chat`, {
  method: 'POST',
  headers: { ...headers, 'Content-Type': 'application/json' },
  body: JSON.stringify({ message }),
});
await read(first, transcript, (count) => count >= DROP_AFTER_EVENTS);
console.log(`Connection dropped after event ${transcript.lastSeq}: ${JSON.stringify(transcript.text)}`);

for (let attempt = 1; !transcript.ended && attempt <= 20; attempt += 1) {
  try {
    const again = await fetch(`${base}/runs/${transcript.runId}/events`, {
      headers: { ...headers, 'Last-Event-ID': String(transcript.lastSeq) },
    });
    await read(again, transcript, () => false);
  } catch (error) {
    console.error(`Not reachable, trying again: ${error instanceof Error ? error.message : String(error)}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
console.log(`Resumed to event ${transcript.lastSeq}: ${JSON.stringify(transcript.text)}`);
