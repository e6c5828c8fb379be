import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { EventStream, StreamInterrupted, type EventStreamOptions, type StreamFrame } from './event-stream.js';

/** A source that a test feeds, and that remembers how it was treated. */
class Source implements AsyncIterable<readonly StreamFrame[]>, AsyncIterator<readonly StreamFrame[], void> {
  asked = 0;
  returned = 0;
  private readonly steps: (() => IteratorResult<readonly StreamFrame[], void>)[] = [];
  private wake: () => void = () => undefined;

  readonly [Symbol.asyncIterator] = () => this;

  push(...frames: readonly StreamFrame[]): void {
    this.add(() => ({ done: false, value: frames }));
  }

  end(): void {
    this.add(() => ({ done: true, value: undefined }));
  }

  fail(error: unknown): void {
    this.add(() => {
      throw error;
    });
  }

  async next(): Promise<IteratorResult<readonly StreamFrame[], void>> {
    this.asked += 1;
    while (this.steps.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.steps.shift()!();
  }

  async return(): Promise<IteratorResult<readonly StreamFrame[], void>> {
    this.returned += 1;
    return { done: true, value: undefined };
  }

  private add(step: () => IteratorResult<readonly StreamFrame[], void>): void {
    this.steps.push(step);
    this.wake();
  }
}

const frame = (seq: number, data = `{"seq":${seq}}`): StreamFrame => ({ seq, data });
const KB = 1_024;

function open(options: EventStreamOptions = {}) {
  const source = new Source();
  let disconnects = 0;
  const stream = new EventStream(source, { ...options, onDisconnect: () => (disconnects += 1) });
  const body = stream.open();
  body.on('error', () => undefined);
  /** The next chunk; undefined at the end. */
  const read = async (): Promise<Buffer | undefined> => {
    for (;;) {
      if (body.errored) throw body.errored;
      const chunk = body.read() as Buffer | null;
      if (chunk) return chunk;
      if (body.readableEnded || body.destroyed) return undefined;
      await new Promise<void>((resolve) => {
        for (const name of ['readable', 'end', 'close']) body.once(name, () => resolve());
      });
    }
  };
  return {
    source,
    headers: stream.headers,
    get disconnects() {
      return disconnects;
    },
    leave: async (): Promise<void> => {
      body.destroy();
      await sleep(0);
    },
    text: async (): Promise<string | undefined> => (await read())?.toString(),
    rest: async (): Promise<string> => {
      const chunks: Buffer[] = [];
      for (let chunk = await read(); chunk; chunk = await read()) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    },
  };
}

const openTimers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('an event stream', () => {
  it('writes each frame with its number and its data, and says when it is done', async () => {
    const stream = open();
    stream.source.push(frame(1), frame(2, '{"text":"é😀"}'));
    stream.source.push(frame(3));
    stream.source.end();
    expect(await stream.rest()).toBe(
      'id: 1\ndata: {"seq":1}\n\nid: 2\ndata: {"text":"é😀"}\n\nid: 3\ndata: {"seq":3}\n\ndata: [DONE]\n\n',
    );
    expect(stream.disconnects).toBe(0);
  });

  it('has the headers that keep proxies from holding it back, and those it is given', async () => {
    const { headers, leave } = open({ headers: { 'X-Run-Id': 'r', 'Content-Location': '/runs/r' } });
    expect(headers).toEqual({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
      'X-Run-Id': 'r',
      'Content-Location': '/runs/r',
    });
    await leave();
  });

  it('tells what comes as it comes', async () => {
    const stream = open();
    stream.source.push(frame(1));
    expect(await stream.text()).toBe('id: 1\ndata: {"seq":1}\n\n');
    const next = stream.text();
    stream.source.push(frame(2));
    expect(await next).toBe('id: 2\ndata: {"seq":2}\n\n');
    stream.source.end();
    expect(await stream.text()).toBe('data: [DONE]\n\n');
    expect(await stream.text()).toBeUndefined();
  });

  it('has the same bytes however the frames came in batches and the reader took its time', async () => {
    const batches = fc.array(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(batches, fc.infiniteStream(fc.boolean()), async (groups, pauses) => {
        const stream = open();
        let seq = 0;
        const frames = groups.map((group) => group.map((text) => frame((seq += 1), JSON.stringify(text))));
        const reading = stream.rest();
        for (const batch of frames) {
          stream.source.push(...batch);
          if (pauses.next().value) await Promise.resolve();
        }
        stream.source.end();
        const expected = frames.flat().map(({ seq: id, data }) => `id: ${id}\ndata: ${data}\n\n`);
        expect(await reading).toBe(`${expected.join('')}data: [DONE]\n\n`);
      }),
    );
  });

  it('says something within a second or so when there is nothing yet to tell, so that its headers arrive', async () => {
    const stream = open();
    expect(await stream.text()).toBe(': ping\n\n');
    await stream.leave();
  });

  it('adds no such comment once it has spoken', async () => {
    const stream = open();
    stream.source.push(frame(1));
    await stream.text();
    const next = stream.text();
    await sleep(1_300);
    stream.source.push(frame(2));
    expect(await next).toBe('id: 2\ndata: {"seq":2}\n\n');
    await stream.leave();
  });

  it('keeps an idle connection open with comments', async () => {
    const stream = open({ heartbeatMs: 20 });
    expect([await stream.text(), await stream.text(), await stream.text()]).toEqual(Array(3).fill(': ping\n\n'));
    stream.source.push(frame(1));
    stream.source.end();
    const rest = await stream.rest();
    expect(rest.replaceAll(': ping\n\n', '')).toBe('id: 1\ndata: {"seq":1}\n\ndata: [DONE]\n\n');
  });

  it('tells the reader when to come back, and not that it is done, when it is interrupted', async () => {
    const stream = open();
    stream.source.push(frame(1));
    stream.source.fail(new StreamInterrupted(1_500));
    expect(await stream.rest()).toBe('id: 1\ndata: {"seq":1}\n\nretry: 1500\n\n');
    expect(stream.disconnects).toBe(0);
  });

  it.each([new Error('The database is away.'), 'a text'])('is cut when its source fails with %p', async (error) => {
    const stream = open();
    stream.source.push(frame(1));
    await stream.text();
    stream.source.fail(error);
    await expect(stream.text()).rejects.toThrow(error instanceof Error ? error.message : error);
    expect(stream.disconnects).toBe(0);
  });

  it('is cut when its reader may no longer read, and not because that could not be asked', async () => {
    const answers = [Promise.resolve(true), Promise.reject(new Error('away')), Promise.resolve(false)];
    const stream = open({ heartbeatMs: 20, stillAllowed: () => answers.shift()! });
    await expect(stream.rest()).rejects.toThrow('The reader may no longer read.');
    expect(answers).toEqual([]);
    expect([stream.source.returned, stream.disconnects]).toEqual([1, 1]);
  });

  it('ends its source, and tells so once, when the reader leaves before the end', async () => {
    const stream = open();
    stream.source.push(frame(1));
    await stream.text();
    await stream.leave();
    expect([stream.source.returned, stream.disconnects]).toEqual([1, 1]);
    stream.source.push(frame(2));
    await sleep(10);
    expect(stream.disconnects).toBe(1);
  });

  it('is not left early by a reader that leaves after the end', async () => {
    const stream = open();
    stream.source.push(frame(1));
    stream.source.end();
    await stream.text();
    await stream.leave();
    expect(stream.disconnects).toBe(0);
  });

  it('outlives a source that cannot be ended', async () => {
    const stream = open();
    stream.source.return = () => Promise.reject(new Error('stuck'));
    await stream.leave();
    // An unhandled rejection fails the test.
    await sleep(20);
    expect(stream.disconnects).toBe(1);
  });

  describe('with a slow reader', () => {
    const large = (seq: number, bytes: number) => frame(seq, JSON.stringify('x'.repeat(bytes - 2)));

    it('gives a single event or batch of any size to a reader that takes it', async () => {
      const stream = open();
      stream.source.push(large(1, 700 * KB));
      stream.source.push(...Array.from({ length: 500 }, (_, index) => large(index + 2, 2 * KB)));
      stream.source.end();
      const rest = await stream.rest();
      expect(rest.match(/^id: \d+$/gm)).toHaveLength(501);
      expect(rest.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
    });

    it('replays a log of many megabytes without holding it in memory', async () => {
      const stream = open();
      for (let seq = 1; seq <= 200; seq += 1) stream.source.push(large(seq, 100 * KB));
      stream.source.end();
      const ids: number[] = [];
      let last = '';
      for (let text = await stream.text(); text !== undefined; text = await stream.text()) {
        expect(text.length).toBeLessThan(500 * KB);
        ids.push(...[...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)));
        last = text;
        await sleep(1);
      }
      expect(ids).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
      expect(last.endsWith('data: [DONE]\n\n')).toBe(true);
    });

    it('asks its source for no more than 256 KB and a batch ahead', async () => {
      const stream = open();
      for (let seq = 1; seq <= 50; seq += 1) stream.source.push(large(seq, 100 * KB));
      await sleep(50);
      expect(stream.source.asked).toBe(3);
      await stream.leave();
    });

    it('cuts a reader that takes nothing although something waits', async () => {
      const stream = open({ stallMs: 200 });
      stream.source.push(frame(1));
      await sleep(600);
      await expect(stream.text()).rejects.toThrow('The reader stalled; it may resume.');
      expect([stream.source.returned, stream.disconnects]).toEqual([1, 1]);
    });

    it('cuts a stalled reader whose source waits for room, too', async () => {
      const stream = open({ stallMs: 200 });
      for (let seq = 1; seq <= 10; seq += 1) stream.source.push(large(seq, 100 * KB));
      await sleep(600);
      await expect(stream.text()).rejects.toThrow('The reader stalled; it may resume.');
      expect([stream.source.returned, stream.disconnects]).toEqual([1, 1]);
    });

    it('does not cut a reader that has taken everything, however long nothing comes', async () => {
      const stream = open({ stallMs: 200 });
      stream.source.push(frame(1));
      await stream.text();
      await sleep(600);
      stream.source.push(frame(2));
      expect(await stream.text()).toBe('id: 2\ndata: {"seq":2}\n\n');
      await stream.leave();
    });
  });

  it('leaves no timer behind, however it ends', async () => {
    const before = openTimers();
    const finish: readonly ((stream: ReturnType<typeof open>) => Promise<unknown>)[] = [
      (stream) => (stream.source.end(), stream.rest()),
      (stream) => (stream.source.fail(new Error('away')), stream.rest().catch(() => undefined)),
      (stream) => (stream.source.fail(new StreamInterrupted(1)), stream.rest()),
      (stream) => stream.leave(),
    ];
    for (let round = 0; round < 100; round += 1) {
      const stream = open();
      stream.source.push(frame(1));
      await finish[round % finish.length]!(stream);
      expect(stream.source.returned).toBe(1);
    }
    expect(openTimers()).toBeLessThanOrEqual(before);
  });
});
