import type { Detector, Finding } from './detector.js';
import { DETECTORS } from './detectors.js';
import { afterFooter, FOOTER, PRIVATE_KEY } from './detectors/private-key.detector.js';
import { withoutOverlaps } from './overlap.js';
import { groupEnd, MAX_GROUP } from './word-group.js';

export interface RedactionOptions {
  readonly detectors?: readonly Detector[];
  /** Told of each finding, by its place in the whole text. */
  readonly onFinding?: (finding: Finding) => void;
}

interface Hiding {
  readonly what: 'key' | 'word';
  /** Where the finding began in the whole text. */
  readonly from: number;
}

/** Nothing is that long: what began like a private key and has no footer is text again from there on. */
const LONGEST_KEY = 16_384;
/** What a long word goes on with. */
const WORD = /[A-Za-z0-9+/=_.~-]/;

/**
 * Masks a text that comes in pieces: what comes out is exactly the masked whole, however it was cut. It holds back the
 * last word, or words that may only be judged together, at most 4,096 characters.
 */
export class RedactionStream {
  /** The kinds that were found so far. */
  readonly kinds = new Set<string>();
  private held = '';
  /** How much of the text lies before what is held. */
  private passed = 0;
  /** A finding goes on: until the footer of a key, or the end of a word. */
  private hiding: Hiding | undefined;
  private readonly detectors: readonly Detector[];

  constructor(private readonly options: RedactionOptions = {}) {
    this.detectors = options.detectors ?? DETECTORS;
  }

  /** Adds a piece; answers what is safe to pass on. */
  push(piece: string): string {
    this.held += piece;
    return this.pass(false);
  }

  /** The text has ended: answers the rest of it. */
  end(): string {
    return this.pass(true);
  }

  private pass(isWhole: boolean): string {
    const text = this.held;
    let shown = '';
    let plain = 0;
    let at = 0;
    for (;;) {
      if (this.hiding) {
        at = this.hide(text, at, isWhole);
        plain = at;
        if (this.hiding) break;
      }
      const end = groupEnd(text, at, isWhole);
      if (end === undefined) break;
      for (const finding of this.findingsIn(text, at, end)) {
        shown += `${text.slice(plain, finding.start)}[redacted:${finding.kind}]`;
        plain = finding.end;
        this.note(finding);
        if (finding.end === end) this.hiding = this.continuationOf(finding, text.slice(at, end));
      }
      at = end;
    }
    shown += text.slice(plain, at);
    this.held = text.slice(at);
    this.passed += at;
    return shown;
  }

  private findingsIn(text: string, start: number, end: number): readonly Finding[] {
    if (end - start < 5) return [];
    const group = text.slice(start, end);
    if (group.length < 20 && !/[\d@=:\s]/.test(group)) return [];
    const found: Finding[] = [];
    for (const { kind, find } of this.detectors)
      for (const span of find(group)) found.push({ kind, start: start + span.start, end: start + span.end });
    return withoutOverlaps(found);
  }

  private note(finding: Finding): void {
    this.kinds.add(finding.kind);
    const { kind, start, end } = finding;
    this.options.onFinding?.({ kind, start: this.passed + start, end: this.passed + end });
  }

  /** What was found at the end of its group may go on behind it: a key does, and a word that was cut. */
  private continuationOf({ kind, start }: Finding, group: string): Hiding | undefined {
    const from = this.passed + start;
    if (kind === PRIVATE_KEY && afterFooter(group, 0) === undefined) return { what: 'key', from };
    return group.length >= MAX_GROUP / 2 ? { what: 'word', from } : undefined;
  }

  private hide(text: string, at: number, isWhole: boolean): number {
    return this.hiding?.what === 'key' ? this.hideKey(text, at, isWhole) : this.hideWord(text, at);
  }

  private hideWord(text: string, at: number): number {
    let end = at;
    while (end < text.length && WORD.test(text.charAt(end))) end += 1;
    if (end < text.length) this.hiding = undefined;
    return end;
  }

  private hideKey(text: string, at: number, isWhole: boolean): number {
    const limit = (this.hiding?.from ?? 0) + LONGEST_KEY - this.passed;
    const end = afterFooter(text, at);
    if (end !== undefined && end <= limit) {
      this.hiding = undefined;
      return end;
    }
    if (text.length >= limit) {
      this.hiding = undefined;
      return Math.max(at, limit);
    }
    if (isWhole) return text.length;
    const footer = text.lastIndexOf(FOOTER);
    return Math.max(at, footer >= at ? footer : text.length - FOOTER.length);
  }
}
