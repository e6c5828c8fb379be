import { eventually } from './eventually.js';
import { openStream, type LiveStream } from './sse.js';

type Json = ReturnType<typeof JSON.parse>;

/** What a member of a workspace is told, frame by frame. */
export class News {
  constructor(readonly stream: LiveStream) {}

  /** Every whole frame so far. Anything that is not as the contract says throws. */
  get frames(): readonly { readonly id: string; readonly event: Json }[] {
    const blocks = this.stream.text.split('\n\n').slice(0, -1);
    return blocks.flatMap((block) => {
      if (block === ': ping' || block === 'data: [DONE]' || /^retry: \d+$/.test(block)) return [];
      const [, id, name, data] = /^id: (\S+)\nevent: (\S+)\ndata: (\{[^\n]*\})$/.exec(block) ?? [];
      const event = JSON.parse(data ?? 'null');
      if (id === undefined || event?.type !== name) throw new Error(`No frame of ours: ${JSON.stringify(block)}`);
      return [{ id, event }];
    });
  }

  get isDone(): boolean {
    return this.stream.text.endsWith('data: [DONE]\n\n');
  }

  /** The first event of this type about this thing. */
  of(type: string, id: string): Promise<{ readonly id: string; readonly event: Json }> {
    return eventually(() => this.frames.find(({ event }) => event.type === type && event.id === id), {
      what: `${type} of ${id}; what came: ${this.stream.text.slice(-2_000)}`,
    });
  }

  typesOf(id: string): readonly string[] {
    return this.frames.filter(({ event }) => event.id === id).map(({ event }) => event.type as string);
  }
}

export const openNews = async (
  url: string,
  headers: Readonly<Record<string, string>>,
  { after }: { readonly after?: string } = {},
): Promise<News> =>
  new News(
    await openStream(`${url}/api/v1/events`, {
      headers: { ...headers, ...(after === undefined ? {} : { 'Last-Event-ID': after }) },
    }),
  );
