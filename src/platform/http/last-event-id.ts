import { validationFailed } from '../problem/http.errors.js';

const MAX_SEQ = 2_147_483_647;

/** The number in a Last-Event-ID header; undefined without one. @throws Problem validation-failed when it is no number of ours */
export function lastEventId(header: string | undefined): number | undefined {
  if (header === undefined || header === '') return undefined;
  const seq = /^\d{1,10}$/.test(header) ? Number(header) : NaN;
  if (seq <= MAX_SEQ) return seq;
  throw validationFailed([
    { pointer: '/Last-Event-ID', detail: 'must be the id of an event of this stream, a whole number' },
  ]);
}
