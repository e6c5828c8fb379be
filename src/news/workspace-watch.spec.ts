import { newId } from '../platform/clock/id.js';
import { StreamInterrupted } from '../platform/http/event-stream.js';
import { toWorkspaceEvent, type WorkspaceEvent } from './workspace-event.js';
import { WorkspaceWatch } from './workspace-watch.js';

const PAGE = 500;

/** Tables in which something happens. */
class Tables {
  now = 1_000_000;
  looks = 0;
  fault: Error | undefined;
  private readonly events: WorkspaceEvent[] = [];

  readonly source = {
    now: () => Promise.resolve(this.now),
    since: (_workspaceId: string, from: number) => this.read(from),
  };

  happens(at = this.now): string {
    const event = toWorkspaceEvent({ type: 'run.ended', at, scope: 'runs:read', id: newId(), detail: {} });
    this.events.push(event);
    return event.seq;
  }

  async waitForLooks(looks: number): Promise<void> {
    for (const wanted = this.looks + looks; this.looks < wanted;)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  private async *read(from: number) {
    this.looks += 1;
    if (this.fault) throw this.fault;
    const events = this.events.filter(({ at }) => at >= from);
    for (let start = 0; start === 0 || start < events.length; start += PAGE) {
      await new Promise((resolve) => setImmediate(resolve));
      yield { readAt: this.now, events: events.slice(start, start + PAGE) };
    }
  }
}

describe('a watch of a workspace', () => {
  let tables: Tables;
  let end: AbortController;
  let leave: AbortController;

  beforeEach(() => {
    [tables, end, leave] = [new Tables(), new AbortController(), new AbortController()];
  });
  afterEach(() => end.abort());

  const begin = () => WorkspaceWatch.begin('w', tables.source, end.signal);

  /** What a listener is told until it or the watch ends. */
  async function heard(watch: WorkspaceWatch, place = watch.place): Promise<readonly string[]> {
    const ids: string[] = [];
    for await (const batch of watch.after(place, leave.signal)) ids.push(...batch.map(({ seq }) => seq));
    return ids;
  }

  it('tells every listener once what is committed after it began, also what had happened before', async () => {
    tables.happens();
    const watch = await begin();
    const listeners = [heard(watch), heard(watch)];
    const late = tables.happens(tables.now - 5_000);
    await tables.waitForLooks(2);
    tables.now += 60_000;
    const next = tables.happens();
    await tables.waitForLooks(2);
    tables.now += 60_000;
    await tables.waitForLooks(2);
    leave.abort();
    expect(await Promise.all(listeners)).toEqual([
      [late, next],
      [late, next],
    ]);
  });

  it('sends away whom it holds too much for, and keeps on telling the others', async () => {
    const watch = await begin();
    const place = watch.place;
    const told = heard(watch);
    const ids = Array.from({ length: 5_000 }, () => tables.happens());
    await tables.waitForLooks(2);
    await expect(heard(watch, place)).rejects.toThrow(StreamInterrupted);
    const last = tables.happens();
    await tables.waitForLooks(2);
    leave.abort();
    expect(await told).toEqual([...ids, last]);
  });

  it('goes on where it was when the database was away', async () => {
    const watch = await begin();
    const told = heard(watch);
    tables.fault = Object.assign(new Error('away'), { code: '57P01' });
    const missed = tables.happens();
    await tables.waitForLooks(1);
    tables.now += 60_000;
    tables.fault = undefined;
    await tables.waitForLooks(2);
    end.abort();
    expect(await told).toEqual([missed]);
  });

  it('fails its listeners with what it cannot get over', async () => {
    const watch = await begin();
    const told = heard(watch);
    tables.fault = new Error('broken');
    await expect(told).rejects.toThrow('broken');
  });

  it('looks no more once it has ended', async () => {
    const watch = await begin();
    const told = heard(watch);
    end.abort();
    expect(await told).toEqual([]);
    const { looks } = tables;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(tables.looks).toBe(looks);
  });
});
