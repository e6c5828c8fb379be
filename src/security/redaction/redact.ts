import type { Detector, Finding } from './detector.js';
import { RedactionStream } from './redaction-stream.js';

export interface Redacted {
  readonly text: string;
  /** In the order of the given text; places are those of the given text. */
  readonly findings: readonly Finding[];
}

/** The text with what detectors find replaced by its kind, as `[redacted:email]`. */
export function redact(text: string, options: { readonly detectors?: readonly Detector[] } = {}): Redacted {
  const findings: Finding[] = [];
  const stream = new RedactionStream({ ...options, onFinding: (finding) => findings.push(finding) });
  return { text: `${stream.push(text)}${stream.end()}`, findings };
}
