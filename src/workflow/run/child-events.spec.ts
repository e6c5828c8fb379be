import { childEvents, endsChild, isWithin } from './child-events.js';
import type { LoggedEvent, RunEventType } from './run-event.js';

const event = (
  seq: number,
  path: readonly string[] | undefined,
  type: RunEventType = 'note',
  more = {},
): LoggedEvent => ({
  seq,
  type,
  data: JSON.stringify({ type, seq, path, ...more }),
});
const end = (seq: number, path: readonly string[], childRunId: string) => event(seq, path, 'child_end', { childRunId });

async function* batches(...of: readonly (readonly LoggedEvent[])[]): AsyncGenerator<readonly LoggedEvent[]> {
  yield* of;
}

async function read(...of: readonly (readonly LoggedEvent[])[]): Promise<readonly (readonly number[])[]> {
  const seen: number[][] = [];
  for await (const batch of childEvents(batches(...of), { id: 'child', path: ['a', 'b'] }))
    seen.push(batch.map(({ seq }) => seq));
  return seen;
}

describe('the events of a child run', () => {
  it('are those at its path and below it, and batches without any are left out', async () => {
    expect(
      await read(
        [event(1, undefined), event(2, ['a']), event(3, ['a', 'b'])],
        [event(4, ['a', 'bc']), event(5, ['b'])],
        [event(6, ['a', 'b', 'c']), event(7, ['a', 'c'])],
      ),
    ).toEqual([[3], [6]]);
  });

  it('end with its own end, and not with that of a child of its own', async () => {
    const inner = end(1, ['a', 'b', 'c'], 'inner');
    expect(await read([inner, end(2, ['a', 'b'], 'child'), event(3, ['a', 'b'])], [event(4, ['a', 'b'])])).toEqual([
      [1, 2],
    ]);
  });

  it('do not end with a former child at its place, which is tried again', async () => {
    expect(await read([end(1, ['a', 'b'], 'former'), event(2, ['a', 'b'])], [end(3, ['a', 'b'], 'child')])).toEqual([
      [1, 2],
      [3],
    ]);
  });

  it('end with the root’s', async () => {
    expect(await read([event(1, ['a', 'b']), event(2, undefined, 'error')])).toEqual([[1]]);
  });

  it('are told by whole names', () => {
    expect(isWithin(event(1, ['a']), [])).toBe(true);
    expect(isWithin(event(1, undefined), ['a'])).toBe(false);
    expect(endsChild(event(1, ['a'], 'note', { childRunId: 'child' }), 'child')).toBe(false);
  });
});
