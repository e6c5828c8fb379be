import type { ContentGuard } from '../../security/redaction/content-guard.js';
import { RedactionStream } from '../../security/redaction/redaction-stream.js';
import type { EventCompanions } from './run-event.js';

/** A text of a model that comes in pieces. */
export interface Piece {
  readonly path: readonly string[];
  readonly type: 'token' | 'thinking';
  readonly messageKey: string;
}

interface Open extends Piece {
  readonly stream: RedactionStream;
}

/** What a run's workspace lets through of what its models say. What may be part of a secret is held back until it is none. */
export class RunRedaction {
  private readonly open = new Map<string, Open>();

  constructor(
    readonly guard: ContentGuard,
    /** Told once what must not be said is begun, where the workspace refuses it. */
    private readonly onBlocked: (kinds: Iterable<string>) => void,
  ) {}

  /** The part of the text so far that may be shown and was not. */
  hear(piece: Piece, content: string): string {
    const key = [piece.type, piece.messageKey, ...piece.path].join('\0');
    let open = this.open.get(key);
    if (!open) {
      open = { ...piece, stream: new RedactionStream() };
      this.open.set(key, open);
    }
    return this.allowed(open, open.stream.push(content));
  }

  /** The rest of the texts that have ended: of the node at a path, or of all. */
  *finish(path?: readonly string[]): Generator<Piece & { readonly content: string }> {
    for (const [key, open] of this.open) {
      if (path && open.path.join('\0') !== path.join('\0')) continue;
      this.open.delete(key);
      const content = this.allowed(open, open.stream.end());
      if (content !== '') yield { path: open.path, type: open.type, messageKey: open.messageKey, content };
    }
  }

  /** The texts of a node are void. */
  forget(path: readonly string[]): void {
    for (const [key, open] of this.open) if (open.path.join('\0') === path.join('\0')) this.open.delete(key);
  }

  /** Rows as they may be shown; what a later attempt goes on from stays as it is, and is stored sealed. */
  companions(given: EventCompanions | undefined): EventCompanions | undefined {
    if (!given) return undefined;
    const { child, approval } = given;
    const shown = approval && this.guard.mask({ title: approval.title, detail: approval.detail });
    return {
      ...given,
      child: this.guard.mask(child),
      approval: approval && { ...approval, ...shown },
      isConfidential: given.result !== undefined,
    };
  }

  private allowed({ stream }: Open, content: string): string {
    if (this.guard.mode === 'mask' || stream.kinds.size === 0) return content;
    this.onBlocked(stream.kinds);
    return '';
  }
}
