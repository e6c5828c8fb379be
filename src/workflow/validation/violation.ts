export type Severity = 'error' | 'warning';

/** One thing wrong with a definition, or doubtful. */
export interface Violation {
  /** What kind of fault, kebab-case. */
  readonly code: string;
  readonly severity: Severity;
  /** Where, a JSON pointer from the definition's root; empty for the whole of it. */
  readonly pointer: string;
  /** What is wrong, naming the thing. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

export interface ValidationResult {
  /** Whether there is no error; warnings are advice. */
  readonly valid: boolean;
  readonly violations: readonly Violation[];
}

export const fault = (code: string, pointer: string, message: string, hint: string): Violation => ({
  code,
  severity: 'error',
  pointer,
  message,
  hint,
});

export const advice = (code: string, pointer: string, message: string, hint: string): Violation => ({
  code,
  severity: 'warning',
  pointer,
  message,
  hint,
});

const MAX_SHOWN = 80;

/** Text of a definition for a message, in quotes and not longer than a reader wants. */
export const quoted = (text: string): string =>
  `"${text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1).toWellFormed()}…` : text}"`;
