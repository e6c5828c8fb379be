import { redactValue } from './redact-value.js';
import { contentBlocked } from './redaction.errors.js';
import type { RedactionMode } from './redaction-mode.js';

/** What a workspace's mode makes of content; there is none where it is off. */
export class ContentGuard {
  constructor(readonly mode: Exclude<RedactionMode, 'off'>) {}

  /** What comes from outside, masked. @throws Problem content-blocked */
  admit<Value>(value: Value, where: string): Value {
    const kinds = new Set<string>();
    const masked = redactValue(value, (kind) => kinds.add(kind));
    if (this.mode === 'block' && kinds.size > 0) throw contentBlocked(kinds, where);
    return masked;
  }

  /** What is shown or stored, masked in either mode. */
  mask<Value>(value: Value): Value {
    return redactValue(value);
  }
}
