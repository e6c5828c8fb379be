import { tokensOf } from './answer-text.ts';
import { distribution, type Distribution } from './distribution.ts';

/** What the load client saw. Rates and distributions are of the window; errors and mismatches of the whole load. */
export interface LoadFigures {
  readonly windowMs: number;
  /** Right answers that ended in the window. */
  readonly answers: number;
  /** Right answers of the whole load. */
  readonly allAnswers: number;
  /** Model tokens that arrived in the window. */
  readonly tokens: number;
  readonly requestsPerSecond: number;
  readonly tokensPerSecond: number;
  /** Whole answer, from sending the request to its last byte. */
  readonly latencyMs: Distribution;
  /** From sending the request to the first text. */
  readonly firstTokenMs: Distribution;
  /** Between two reads with text of one answer. */
  readonly gapMs: Distribution;
  /** Bytes received in the window, headers and chunk framing included. */
  readonly wireBytes: number;
  /** Wire bytes beyond the text itself. */
  readonly wireBytesPerTokenBeyondText: number;
  readonly errors: number;
  /** Answers that ended without an error and were not the whole expected text. */
  readonly mismatches: number;
  readonly firstFault?: string;
}

/** Collects what happens while the window is open. */
export class LoadMeter {
  private readonly wireBytesSoFar: () => number;
  private isOpen = false;
  private openedAt = 0;
  private windowMs = 0;
  private wireBytes = 0;
  private answers = 0;
  private allAnswers = 0;
  private characters = 0;
  private errors = 0;
  private mismatches = 0;
  private firstFault: string | undefined;
  private readonly latencies: number[] = [];
  private readonly firstTokens: number[] = [];
  private readonly gaps: number[] = [];

  constructor(wireBytesSoFar: () => number) {
    this.wireBytesSoFar = wireBytesSoFar;
  }

  open(): void {
    this.wireBytes = this.wireBytesSoFar();
    this.openedAt = performance.now();
    this.isOpen = true;
  }

  close(): void {
    this.isOpen = false;
    this.windowMs = performance.now() - this.openedAt;
    this.wireBytes = this.wireBytesSoFar() - this.wireBytes;
  }

  firstText(waitedMs: number): void {
    if (this.isOpen) this.firstTokens.push(waitedMs);
  }

  furtherText(gapMs: number): void {
    if (this.isOpen) this.gaps.push(gapMs);
  }

  text(characters: number): void {
    if (this.isOpen) this.characters += characters;
  }

  answered(latencyMs: number): void {
    this.allAnswers += 1;
    if (!this.isOpen) return;
    this.answers += 1;
    this.latencies.push(latencyMs);
  }

  failed(reason: string): void {
    this.errors += 1;
    this.firstFault ??= reason;
  }

  mismatched(reason: string): void {
    this.mismatches += 1;
    this.firstFault ??= reason;
  }

  figures(): LoadFigures {
    const seconds = this.windowMs / 1000;
    const tokens = tokensOf(this.characters);
    return {
      windowMs: this.windowMs,
      answers: this.answers,
      allAnswers: this.allAnswers,
      tokens,
      requestsPerSecond: this.answers / seconds,
      tokensPerSecond: tokens / seconds,
      latencyMs: distribution(this.latencies),
      firstTokenMs: distribution(this.firstTokens),
      gapMs: distribution(this.gaps),
      wireBytes: this.wireBytes,
      wireBytesPerTokenBeyondText: tokens > 0 ? (this.wireBytes - this.characters) / tokens : 0,
      errors: this.errors,
      mismatches: this.mismatches,
      firstFault: this.firstFault,
    };
  }
}
