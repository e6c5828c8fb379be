import { StreamInterrupted } from '../../platform/http/event-stream.js';
import { notFound } from '../../platform/problem/http.errors.js';
import type { LoggedEvent } from './run-event.js';
import { toldRemoval } from './told-removal.js';

const event = (seq: number): LoggedEvent => ({ seq, type: 'note', data: `{"seq":${seq}}` });

async function* source(batches: readonly (readonly LoggedEvent[])[], error?: Error) {
  yield* batches;
  if (error) throw error;
}

describe('the events of a run that may be removed', () => {
  it('are as they are told while it is there', async () => {
    const batches = [[event(1), event(2)], [event(3)]];
    expect(await Array.fromAsync(toldRemoval('r', source(batches)))).toEqual(batches);
  });

  it.each([
    ['after what was told', [[event(3), event(4)]], 2, 5],
    ['after what the reader has', [], 7, 8],
    ['first of all', [], undefined, 1],
  ])('end with the problem once it is gone: %s', async (_where, batches, after, seq) => {
    const told = await Array.fromAsync(toldRemoval('r', source(batches, notFound('Run r is gone.')), after));
    expect(told.slice(0, -1)).toEqual(batches);
    expect(told.at(-1)).toMatchObject([{ seq, type: 'error' }]);
    expect(JSON.parse(told.at(-1)![0]!.data)).toMatchObject({
      type: 'error',
      seq,
      runId: 'r',
      problem: { type: '/problems/not-found', status: 404, detail: 'Run r is gone.' },
    });
  });

  it.each([new StreamInterrupted(1_000), new Error('The database is away.')])(
    'break off as before: %s',
    async (error) => {
      await expect(Array.fromAsync(toldRemoval('r', source([[event(1)]], error)))).rejects.toBe(error);
    },
  );
});
