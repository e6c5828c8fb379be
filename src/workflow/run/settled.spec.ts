import { waitsForPerson } from './settled.js';
import type { LoggedEvent, RunEventType } from './run-event.js';

const event = (type: RunEventType, data: object = {}): LoggedEvent => ({ seq: 1, type, data: JSON.stringify(data) });
const asked = event('note', { code: 'waiting', approvals: ['approval'] });
const timer = event('note', { code: 'waiting', approvals: [] });
const paused = event('note', { code: 'paused' });

/** Whether the run waits, and how much of the log was read for that. */
async function read(batches: readonly (readonly LoggedEvent[])[], isWaiting = true) {
  let batchesRead = 0;
  async function* log(): AsyncGenerator<readonly LoggedEvent[]> {
    for (const batch of batches) {
      batchesRead += 1;
      yield batch;
    }
  }
  const waits = await waitsForPerson(log(), () => Promise.resolve(isWaiting));
  return [waits, batchesRead];
}

describe('reading a run until it settles', () => {
  it('ends with the log', async () => {
    expect(await read([[event('start')], [event('token'), event('complete')]])).toEqual([false, 2]);
  });

  it('ends as soon as the run waits for a person', async () => {
    expect(await read([[event('start'), asked], [event('complete')]])).toEqual([true, 1]);
  });

  it('goes on when that wait is over: the log has gone on, or the run has', async () => {
    expect(await read([[asked, event('note', { code: 'resumed' })], [event('complete')]])).toEqual([false, 2]);
    expect(await read([[asked], [event('complete')]], false)).toEqual([false, 2]);
  });

  it.each([
    ['a timer', timer],
    ['a pause', paused],
  ])('goes on through %s', async (_, note) => {
    expect(await read([[event('start'), note], [event('complete')]])).toEqual([false, 2]);
  });

  it('is not misled by an empty batch', async () => {
    expect(await read([[], [event('complete')]])).toEqual([false, 2]);
  });
});
