import { validationFailed } from '../../platform/problem/http.errors.js';
import type { FieldFault } from '../../platform/problem/problem.js';

/** Most characters (code points) of what a user says. */
export const MAX_MESSAGE = 10_000;

/** What is wrong with the message of an input that must have one, with pointers from the input's root. */
export function messageFaults({ message }: Readonly<Record<string, unknown>>): readonly FieldFault[] {
  const fault = (detail: string): readonly FieldFault[] => [{ pointer: '/message', detail }];
  if (typeof message !== 'string') return fault('must be a string');
  if (message === '' || isTooLong(message)) return fault(`must be 1 to ${MAX_MESSAGE} characters long`);
  return /\S/.test(message) ? [] : fault('must not be blank');
}

/**
 * A message that nobody has to give is what the input's schema says, but no longer than any other.
 * @throws Problem validation-failed
 */
export function refuseLongMessage({ message }: Readonly<Record<string, unknown>>): void {
  if (typeof message === 'string' && isTooLong(message))
    throw validationFailed([{ pointer: '/input/message', detail: `must be at most ${MAX_MESSAGE} characters long` }]);
}

const isTooLong = (text: string): boolean =>
  text.length > 2 * MAX_MESSAGE || (text.length > MAX_MESSAGE && [...text].length > MAX_MESSAGE);
