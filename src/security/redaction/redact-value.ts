import { SECRET_NAME } from './detectors/secret.detector.js';
import { isPlaceholder } from './placeholder.js';
import { redact } from './redact.js';

const NAME = new RegExp(`(?:${SECRET_NAME})$`, 'i');
/** Deeper than any value that is accepted. */
const DEEPEST = 100;

/**
 * A JSON value with all its texts redacted, names of members included; a text under a name such as `password` is a
 * secret whatever it is. The value itself when nothing was found. `onFinding` is told the kinds.
 */
export function redactValue<Value>(value: Value, onFinding?: (kind: string) => void): Value {
  return walked(value, onFinding ?? (() => undefined), 0) as Value;
}

type OnFinding = (kind: string) => void;

function walked(value: unknown, onFinding: OnFinding, depth: number): unknown {
  if (typeof value === 'string') return redactedText(value, onFinding);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return '[redacted:depth]';
  if (Array.isArray(value)) return items(value, onFinding, depth);
  return isData(value) ? members(value, onFinding, depth) : value;
}

function redactedText(text: string, onFinding: OnFinding): string {
  const { text: masked, findings } = redact(text);
  for (const { kind } of findings) onFinding(kind);
  return findings.length === 0 ? text : masked;
}

function items(list: readonly unknown[], onFinding: OnFinding, depth: number): readonly unknown[] {
  const masked = list.map((item) => walked(item, onFinding, depth + 1));
  return masked.some((item, index) => item !== list[index]) ? masked : list;
}

function members(object: object, onFinding: OnFinding, depth: number): object {
  let isChanged = false;
  const masked = Object.entries(object).map(([name, value]): [string, unknown] => {
    const entry: [string, unknown] = [redactedText(name, onFinding), member(name, value, onFinding, depth)];
    isChanged ||= entry[0] !== name || entry[1] !== value;
    return entry;
  });
  return isChanged ? Object.fromEntries(masked) : object;
}

function member(name: string, value: unknown, onFinding: OnFinding, depth: number): unknown {
  if (typeof value !== 'string' || value === '' || !NAME.test(name) || isPlaceholder(value))
    return walked(value, onFinding, depth + 1);
  onFinding('secret');
  return '[redacted:secret]';
}

/** Also what a request was parsed into; times and bytes hold no texts. */
const isData = (value: object): boolean =>
  !(value instanceof Date) &&
  !ArrayBuffer.isView(value) &&
  typeof (value as { toJSON?: unknown }).toJSON !== 'function';
