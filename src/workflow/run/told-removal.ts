import { notFound } from '../../platform/problem/http.errors.js';
import { Problem } from '../../platform/problem/problem.js';
import type { LoggedEvent } from './run-event.js';
import { RunJournal } from './run-journal.js';

/**
 * The events of a run, which for a reader who has those up to `after` end with an `error` of their own when the run is
 * removed meanwhile: its log, which would hold it, is gone as well, and there is nothing left to resume.
 */
export async function* toldRemoval(
  runId: string,
  events: AsyncIterable<readonly LoggedEvent[]>,
  after = 0,
): AsyncGenerator<readonly LoggedEvent[], void> {
  let last = after;
  try {
    for await (const batch of events) {
      last = batch.at(-1)?.seq ?? last;
      yield batch;
    }
  } catch (error) {
    if (!Problem.is(error, notFound)) throw error;
    const journal = new RunJournal(runId, 0);
    journal.continueAfter(last);
    yield [journal.draft('error', { problem: error.record() }, new Date())];
  }
}
