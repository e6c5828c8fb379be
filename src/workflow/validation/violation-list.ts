import { advice, type ValidationResult, type Violation } from './violation.js';

const MAX_VIOLATIONS = 500;
/** Characters of the pointers, messages and hints of one code. */
const MAX_CHARACTERS = 100_000;

interface Bucket {
  readonly violations: Violation[];
  readonly seen: Set<string>;
  characters: number;
}

/**
 * What the rules found, each once: errors before warnings, in the order of the document. A long list is cut so that every
 * code keeps some of its own: ten thousand faults of one kind do not hide the one of another.
 */
export class ViolationList {
  private readonly buckets = new Map<string, Bucket>();
  private isCut = false;

  add(violation: Violation): void {
    const { code, severity, pointer, message, hint } = violation;
    const bucket = this.bucketOf(`${severity} ${code}`);
    const size = pointer.length + message.length + hint.length;
    const isFull = bucket.violations.length >= MAX_VIOLATIONS || bucket.characters + size > MAX_CHARACTERS;
    if (isFull && bucket.violations.length > 0) {
      this.isCut = true;
      return;
    }
    const key = `${pointer} ${message}`;
    if (bucket.seen.has(key)) return;
    bucket.seen.add(key);
    bucket.characters += size;
    bucket.violations.push(violation);
  }

  result(): ValidationResult {
    const errors = this.inTurn('error');
    const all = [...errors, ...this.inTurn('warning')];
    const shown = all.slice(0, MAX_VIOLATIONS).sort(bySeverityAndPlace);
    const isWhole = !this.isCut && shown.length === all.length;
    return { valid: errors.length === 0, violations: isWhole ? shown : [...shown, MORE] };
  }

  private bucketOf(key: string): Bucket {
    const bucket = this.buckets.get(key) ?? { violations: [], seen: new Set(), characters: 0 };
    this.buckets.set(key, bucket);
    return bucket;
  }

  /** The first of every code, then the second of every code, and so on. */
  private inTurn(severity: Violation['severity']): readonly Violation[] {
    const ranked = [...this.buckets.values()].flatMap(({ violations }) =>
      violations.map((violation, rank) => ({ violation, rank })),
    );
    return ranked
      .filter(({ violation }) => violation.severity === severity)
      .sort((a, b) => a.rank - b.rank)
      .map(({ violation }) => violation);
  }
}

const MORE = advice(
  'more-violations',
  '',
  `There are more violations than the ${MAX_VIOLATIONS} that are listed at most.`,
  'Correct these and validate again.',
);

function bySeverityAndPlace(a: Violation, b: Violation): number {
  if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1;
  return comparePointers(a.pointer, b.pointer) || (a.code < b.code ? -1 : 1);
}

/** Indexes as numbers: /nodes/2 before /nodes/10. */
function comparePointers(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const [one = '', other = ''] = [left[at], right[at]];
    if (one === other) continue;
    const numbers = [Number(one), Number(other)] as const;
    const difference = numbers[0] - numbers[1];
    return Number.isNaN(difference) || difference === 0 ? (one < other ? -1 : 1) : difference;
  }
  return left.length - right.length;
}
